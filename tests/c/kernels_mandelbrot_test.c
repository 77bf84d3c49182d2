/* kernels_mandelbrot_test.c: weft_mandelbrot against the loop in its description. */
#include "kernels_everywhere.h"

struct view {
    uint32_t width, height;
    double left, top, step;
    uint32_t max;
};

static uint16_t count_point(double cr, double ci, uint32_t max)
{
    double zr = 0, zi = 0;
    uint32_t n = 0;
    while (n < max) {
        double a = zr * zr, b = zi * zi;
        if (a + b > 4)
            break;
        zi = 2 * zr * zi + ci;
        zr = a - b + cr;
        n++;
    }
    return (uint16_t)n;
}

static void check_view(const struct view *view)
{
    size_t pixels = (size_t)view->width * view->height, wrong = 0;
    uint32_t max = view->max < 65535 ? view->max : 65535;
    uint16_t *parallel = must_alloc((pixels + 1) * 2), *serial = must_alloc((pixels + 1) * 2);
    parallel[pixels] = serial[pixels] = 4711;
    weft_mandelbrot(parallel, view->width, view->height, view->left, view->top, view->step,
                    view->max);
    weft_mandelbrot_serial(serial, view->width, view->height, view->left, view->top, view->step,
                           view->max);
    for (uint32_t py = 0; py < view->height; py++) {
        for (uint32_t px = 0; px < view->width; px++) {
            size_t at = (size_t)py * view->width + px;
            uint16_t wanted = count_point(view->left + (double)px * view->step,
                                          view->top + (double)py * view->step, max);
            wrong += parallel[at] != wanted || serial[at] != wanted;
        }
    }
    EXPECT_EQ(wrong, 0);
    EXPECT(parallel[pixels] == 4711 && serial[pixels] == 4711);
    free(parallel);
    free(serial);
}

static void check_views(void *context)
{
    (void)context;
    for (uint32_t width = 0; width < 10; width++)
        check_view(&(struct view){width, 7, -2, -1.25, 0.37, 50});
    for (uint32_t max = 0; max < 12; max++)
        check_view(&(struct view){33, 5, -1.5, -0.5, 0.06, max});
    check_view(&(struct view){96, 64, -2, -1.25, 3.0 / 96, 256});
    check_view(&(struct view){61, 40, -0.7453, 0.1127, 1e-5, 1001});
    check_view(&(struct view){5, 0, -2, -1, 0.1, 10});
}

static void counts_are_those_of_the_plain_loop(void)
{
    everywhere(check_views, NULL);
}

static void points_out_of_the_ordinary_follow_the_loop_too(void)
{
    const double nan = strtod("nan", NULL), infinite = strtod("inf", NULL);
    check_view(&(struct view){5, 2, 1e200, -1e200, 1e199, 20});
    check_view(&(struct view){5, 2, nan, 0, 1, 20});
    check_view(&(struct view){5, 2, infinite, 0, 1, 20});
    check_view(&(struct view){6, 3, 1e-320, 0, 1e-321, 20});
    check_view(&(struct view){9, 1, -2, 0, 0.5, 20}); /* |z|^2 == 4 exactly */
}

static void limit_is_65535(void)
{
    check_view(&(struct view){1, 1, 0, 0, 1, 65535});
    check_view(&(struct view){1, 1, 0, 0, 1, 65536});
    check_view(&(struct view){1, 1, 0, 0, 1, UINT32_MAX});
}

TEST_MAIN(TEST(counts_are_those_of_the_plain_loop),
          TEST(points_out_of_the_ordinary_follow_the_loop_too), TEST(limit_is_65535))
