/* mandelbrot.c: four pixels at a time in two pairs. The pairs do not wait for each
 * other, which hides half of the latency of the arithmetic.
 *
 * Compile without contraction into fused multiply-add (-ffp-contract=off): the counts
 * are exact only if every operation is rounded. */
#include "kernels.h"
#include "slices.h"
#include "vector.h"

#define PIXELS    4
#define UNCHECKED 4 /* steps between two looks at whether all pixels have escaped */

struct picture {
    uint16_t *iterations;
    uint32_t width;
    uint32_t max_iterations;
    double left, top, step;
};

struct pair {
    f64x2 cr, ci, zr, zi;
    i64x2 alive; /* all bits set until the point escapes */
    i64x2 count;
};

/* One step. An escaped point goes on to infinity or NaN; it is not counted any more. */
static inline void advance(struct pair *pair)
{
    f64x2 a = pair->zr * pair->zr, b = pair->zi * pair->zi;
    pair->alive &= ~(i64x2)(a + b > (f64x2){4, 4});
    pair->count -= pair->alive;
    pair->zi = (pair->zr + pair->zr) * pair->zi + pair->ci;
    pair->zr = a - b + pair->cr;
}

static inline struct pair pair_at(const struct picture *picture, uint32_t px, double ci)
{
    struct pair pair = {.ci = {ci, ci}, .alive = {-1, -1}};
    pair.cr[0] = picture->left + (double)px * picture->step;
    pair.cr[1] = picture->left + (double)(px + 1) * picture->step;
    return pair;
}

static WEFT__NOINLINE void count_pixels(const struct picture *picture, uint32_t px, double ci,
                                        uint16_t counts[PIXELS])
{
    struct pair one = pair_at(picture, px, ci);
    struct pair two = pair_at(picture, px + 2, ci);
    uint32_t left = picture->max_iterations;
    i64x2 alive = {-1, -1};
    for (; left >= UNCHECKED && (alive[0] | alive[1]) != 0; left -= UNCHECKED) {
        for (int i = 0; i < UNCHECKED; i++) {
            advance(&one);
            advance(&two);
        }
        alive = one.alive | two.alive;
    }
    for (left %= UNCHECKED; left > 0; left--) {
        advance(&one);
        advance(&two);
    }
    counts[0] = (uint16_t)one.count[0];
    counts[1] = (uint16_t)one.count[1];
    counts[2] = (uint16_t)two.count[0];
    counts[3] = (uint16_t)two.count[1];
}

static void draw_rows(void *context, size_t first, size_t last)
{
    const struct picture *picture = context;
    for (size_t py = first; py < last; py++) {
        uint16_t *row = picture->iterations + py * picture->width;
        double ci = picture->top + (double)py * picture->step;
        uint32_t px = 0;
        for (; picture->width - px >= PIXELS; px += PIXELS)
            count_pixels(picture, px, ci, row + px);
        if (px < picture->width) {
            uint16_t counts[PIXELS];
            count_pixels(picture, px, ci, counts);
            for (uint32_t i = 0; px + i < picture->width; i++)
                row[px + i] = counts[i];
        }
    }
}

static struct picture picture_of(uint16_t *iterations, uint32_t width, double left, double top,
                                 double step, uint32_t max_iterations)
{
    uint32_t max = max_iterations < UINT16_MAX ? max_iterations : UINT16_MAX;
    return (struct picture){iterations, width, max, left, top, step};
}

WEFT_EXPORT void weft_mandelbrot(uint16_t *iterations, uint32_t width, uint32_t height, double left,
                                 double top, double step, uint32_t max_iterations)
{
    struct picture picture = picture_of(iterations, width, left, top, step, max_iterations);
    weft_for(0, height, 1, draw_rows, &picture);
}

WEFT_EXPORT void weft_mandelbrot_serial(uint16_t *iterations, uint32_t width, uint32_t height,
                                        double left, double top, double step,
                                        uint32_t max_iterations)
{
    struct picture picture = picture_of(iterations, width, left, top, step, max_iterations);
    serial_for(0, height, 1, draw_rows, &picture);
}
