/* each_number.h: includes the file that WEFT_TEMPLATE names once for each type of number.
 * No guard: included once for each template. What a template finds:
 *
 *     NUMBER      the type                       BITS      8, 16, 32 or 64
 *     NAME(stem)  stem_<suffix>                  FLOATING  1 for float and double
 *     SUM         the type of its sums
 *     PART        adds up 4096 numbers without overflow, in the widest lanes that can
 *     RUNNING     the type of its prefix sums */
#define WEFT_PASTE_(stem, suffix) stem##_##suffix
#define WEFT_PASTE(stem, suffix)  WEFT_PASTE_(stem, suffix)
#define NAME(stem)                WEFT_PASTE(stem, SUFFIX)

#define FLOATING 0

#define BITS    8
#define NUMBER  int8_t
#define SUFFIX  i8
#define SUM     int64_t
#define PART    int32_t
#define RUNNING int32_t
#include WEFT_TEMPLATE
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define NUMBER  uint8_t
#define SUFFIX  u8
#define SUM     uint64_t
#define PART    uint32_t
#define RUNNING uint32_t
#include WEFT_TEMPLATE
#undef BITS
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define BITS    16
#define NUMBER  int16_t
#define SUFFIX  i16
#define SUM     int64_t
#define PART    int32_t
#define RUNNING int32_t
#include WEFT_TEMPLATE
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define NUMBER  uint16_t
#define SUFFIX  u16
#define SUM     uint64_t
#define PART    uint32_t
#define RUNNING uint32_t
#include WEFT_TEMPLATE
#undef BITS
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define BITS    32
#define NUMBER  int32_t
#define SUFFIX  i32
#define SUM     int64_t
#define PART    int64_t
#define RUNNING int32_t
#include WEFT_TEMPLATE
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define NUMBER  uint32_t
#define SUFFIX  u32
#define SUM     uint64_t
#define PART    uint64_t
#define RUNNING uint32_t
#include WEFT_TEMPLATE
#undef BITS
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define BITS    64
#define NUMBER  int64_t
#define SUFFIX  i64
#define SUM     int64_t
#define PART    uint64_t
#define RUNNING int64_t
#include WEFT_TEMPLATE
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define NUMBER  uint64_t
#define SUFFIX  u64
#define SUM     uint64_t
#define PART    uint64_t
#define RUNNING uint64_t
#include WEFT_TEMPLATE
#undef BITS
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#undef FLOATING
#define FLOATING 1

#define BITS    32
#define NUMBER  float
#define SUFFIX  f32
#define SUM     double
#define PART    double
#define RUNNING float
#include WEFT_TEMPLATE
#undef BITS
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#define BITS    64
#define NUMBER  double
#define SUFFIX  f64
#define SUM     double
#define PART    double
#define RUNNING double
#include WEFT_TEMPLATE
#undef BITS
#undef NUMBER
#undef SUFFIX
#undef SUM
#undef PART
#undef RUNNING

#undef FLOATING
#undef NAME
#undef WEFT_PASTE
#undef WEFT_PASTE_
#undef WEFT_TEMPLATE
