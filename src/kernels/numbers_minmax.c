/* numbers_minmax.c: least and greatest element of arrays of every type of number. */
#include "numbers.h"

#include <math.h>

#define SLICE_LEAST 16384
#define LANES       16

#define WEFT_TEMPLATE "numbers_minmax_template.h"
#include "each_number.h"
