/* blur.c: a Gaussian blur of an RGBA image, rows and then columns, on every core. */
#include <weft.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { CHANNELS = 4 };

struct pass {
    const uint8_t *src;
    float *rows; /* the image, blurred along its rows */
    uint8_t *dst;
    const float *weights; /* of the distances 0..radius */
    size_t width, height, radius;
};

/* The nearest pixel of a line of `count` to the one at `at` - `radius`. */
static size_t clamp(size_t at, size_t radius, size_t count)
{
    size_t place = at < radius ? 0 : at - radius;
    return place < count ? place : count - 1;
}

static void blur_rows(void *context, size_t first, size_t last)
{
    const struct pass *pass = context;
    for (size_t y = first; y < last; y++) {
        const uint8_t *src = pass->src + y * pass->width * CHANNELS;
        float *out = pass->rows + y * pass->width * CHANNELS;
        for (size_t x = 0; x < pass->width; x++, out += CHANNELS) {
            float sum[CHANNELS] = {0};
            for (size_t i = 0; i <= 2 * pass->radius; i++) {
                const uint8_t *pixel = src + clamp(x + i, pass->radius, pass->width) * CHANNELS;
                float weight = pass->weights[i < pass->radius ? pass->radius - i : i - pass->radius];
                for (int c = 0; c < CHANNELS; c++)
                    sum[c] += weight * pixel[c];
            }
            for (int c = 0; c < CHANNELS; c++)
                out[c] = sum[c];
        }
    }
}

static void blur_columns(void *context, size_t first, size_t last)
{
    const struct pass *pass = context;
    size_t stride = pass->width * CHANNELS;
    for (size_t y = first; y < last; y++) {
        for (size_t x = 0; x < stride; x++) {
            float sum = 0.5f; /* rounds */
            for (size_t i = 0; i <= 2 * pass->radius; i++) {
                float weight = pass->weights[i < pass->radius ? pass->radius - i : i - pass->radius];
                sum += weight * pass->rows[clamp(y + i, pass->radius, pass->height) * stride + x];
            }
            pass->dst[y * stride + x] = (uint8_t)(sum < 255 ? sum : 255);
        }
    }
}

/** Blurs an RGBA image; false: no memory. src and dst may be the same. */
WEFT_EXPORT bool blur(const uint8_t *src, uint8_t *dst, size_t width, size_t height, double sigma)
{
    if (width == 0 || height == 0)
        return true;
    size_t radius = (size_t)ceil(3 * sigma);
    float *weights = malloc((radius + 1) * sizeof *weights);
    float *rows = malloc(width * height * CHANNELS * sizeof *rows);
    bool done = weights != NULL && rows != NULL;
    if (done) {
        double total = 0;
        for (size_t i = 0; i <= radius; i++)
            total += (i == 0 ? 1 : 2) * exp(-(double)(i * i) / (2 * sigma * sigma + 1e-9));
        for (size_t i = 0; i <= radius; i++)
            weights[i] = (float)(exp(-(double)(i * i) / (2 * sigma * sigma + 1e-9)) / total);
        struct pass pass = {src, rows, dst, weights, width, height, radius};
        weft_for(0, height, 0, blur_rows, &pass);
        weft_for(0, height, 0, blur_columns, &pass);
    }
    free(rows);
    free(weights);
    return done;
}
