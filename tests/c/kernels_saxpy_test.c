/* kernels_saxpy_test.c: weft_saxpy and the noise that tests and benchmarks start from. */
#include "kernels_everywhere.h"

#define MANY 300007

typedef void (*saxpy_fn)(float a, const float *xs, float *ys, size_t count);

/* Calls fn on elements first..first+count-1 of arrays of `room` elements and compares all
 * of them, the neighbours too, with the plain loop. */
static void check_range(saxpy_fn fn, size_t room, size_t first, size_t count)
{
    float *xs = must_alloc(room * sizeof *xs), *ys = must_alloc(room * sizeof *ys);
    size_t wrong = 0;
    for (size_t i = 0; i < room; i++) {
        xs[i] = 0.1f * (float)(i + 1);
        ys[i] = 1.0f / (float)(i + 1);
    }
    fn(1.7f, xs + first, ys + first, count);
    for (size_t i = 0; i < room; i++) {
        volatile float product = 1.7f * xs[i]; /* volatile: rounded before the addition */
        float before = 1.0f / (float)(i + 1);
        float wanted = i >= first && i < first + count ? before + product : before;
        wrong += ys[i] != wanted;
    }
    EXPECT_EQ(wrong, 0);
    free(xs);
    free(ys);
}

static void check_saxpy(void *context)
{
    (void)context;
    for (size_t first = 0; first < 5; first++) {
        for (size_t count = 0; count < 70; count++) {
            check_range(weft_saxpy, 80, first, count);
            check_range(weft_saxpy_serial, 80, first, count);
        }
    }
    check_range(weft_saxpy, MANY + 2, 1, MANY);
    check_range(weft_saxpy_serial, MANY + 2, 1, MANY);
}

static void saxpy_is_the_plain_loop(void)
{
    everywhere(check_saxpy, NULL);
}

static void saxpy_takes_one_array_twice(void)
{
    float xs[50];
    for (int i = 0; i < 50; i++)
        xs[i] = (float)i;
    weft_saxpy(2, xs, xs, 50);
    weft_saxpy_serial(3, xs, xs, 50);
    for (int i = 0; i < 50; i++)
        EXPECT(xs[i] == (float)(12 * i));
}

static void noise_is_splitmix64(void)
{
    /* From an independent program of the published algorithm, seed 1234567. */
    static const uint64_t wanted[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                      UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                      UINT64_C(16408922859458223821)};
    uint64_t xs[5];
    weft_fill_noise_u64(xs, 5, 1234567);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(xs[i], wanted[i]);
}

static void check_noise(void *context)
{
    uint64_t *us = must_alloc((MANY + 1) * sizeof *us), *serial_us = must_alloc(MANY * sizeof *us);
    double *xs = must_alloc((MANY + 1) * sizeof *xs), *serial_xs = must_alloc(MANY * sizeof *xs);
    uint64_t seed = *(const uint64_t *)context;
    us[MANY] = 77;
    xs[MANY] = 77;
    weft_fill_noise_u64(us, MANY, seed);
    weft_fill_noise_f64(xs, MANY, seed);
    weft_fill_noise_u64_serial(serial_us, MANY, seed);
    weft_fill_noise_f64_serial(serial_xs, MANY, seed);
    EXPECT(memcmp(us, serial_us, MANY * sizeof *us) == 0);
    EXPECT(memcmp(xs, serial_xs, MANY * sizeof *xs) == 0);
    EXPECT(us[MANY] == 77 && xs[MANY] == 77);
    size_t wrong = 0;
    for (size_t i = 0; i < MANY; i++)
        wrong += xs[i] != (double)(us[i] >> 11) / 9007199254740992.0;
    EXPECT_EQ(wrong, 0);
    free(us);
    free(serial_us);
    free(xs);
    free(serial_xs);
}

static void noise_depends_on_seed_and_index_alone(void)
{
    uint64_t seed = UINT64_MAX - 5;
    everywhere(check_noise, &seed);
    uint64_t one, two;
    weft_fill_noise_u64(&one, 1, 1);
    weft_fill_noise_u64(&two, 1, 2);
    EXPECT(one != two);
}

TEST_MAIN(TEST(saxpy_is_the_plain_loop), TEST(saxpy_takes_one_array_twice),
          TEST(noise_is_splitmix64), TEST(noise_depends_on_seed_and_index_alone))
