/* julia.c: a Julia set as RGBA pixels. */
#include <weft.h>

#include <stdint.h>

struct view {
    double re, im; /* the constant of the set */
    double scale;  /* of a pixel */
    uint32_t width, height, steps;
};

struct picture {
    const struct view *view;
    uint32_t *pixels;
};

static uint32_t colour(uint32_t step, uint32_t steps)
{
    uint32_t light = step == steps ? 0 : 255 - 255 * step / steps;
    return 0xff000000u | (light << 16) | ((light * light / 255) << 8) | (light * light / 255 * light / 255);
}

static void draw_rows(void *context, size_t first, size_t last)
{
    const struct picture *picture = context;
    const struct view *view = picture->view;
    for (size_t y = first; y < last; y++) {
        for (size_t x = 0; x < view->width; x++) {
            double re = ((double)x - view->width / 2.0) * view->scale;
            double im = ((double)y - view->height / 2.0) * view->scale;
            uint32_t step = 0;
            for (; step < view->steps && re * re + im * im < 4; step++) {
                double next = re * re - im * im + view->re;
                im = 2 * re * im + view->im;
                re = next;
            }
            picture->pixels[y * view->width + x] = colour(step, view->steps);
        }
    }
}

/** Draws width x height pixels. */
WEFT_EXPORT void julia(const struct view *view, uint32_t *pixels)
{
    struct picture picture = {view, pixels};
    weft_for(0, view->height, 0, draw_rows, &picture);
}
