/* demo.c: what the demo computes: pictures of the Mandelbrot set and of Julia sets in tiles, and
 * the blur of a picture. Which worker drew a tile, and when, is kept beside the pixels. */
#include <weft.h>

#include <assert.h>
#include <math.h>
#include <time.h>

typedef double f64x2 __attribute__((vector_size(16)));
typedef int64_t i64x2 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));

#define TILE        32u   /* pixels; explore/canvas.js has the same */
#define ESCAPE      256.0 /* |z|^2; a large radius makes the colours smooth */
#define FEW         4u    /* steps between two looks at whether all samples have escaped */
#define SAMPLES     4u
#define FINE        255u /* for the size of the samples */
#define INSIDE      UINT32_C(0xff120b08)
#define PALETTE_MAX 2048u

/* ---- The picture ------------------------------------------------------------------------- */

/* Written by JavaScript, but for the two times. */
struct view {
    double left, top;        /* the first pixel; with an orbit, from the orbit's point */
    double step;             /* from pixel to pixel */
    double seed_re, seed_im; /* of a Julia set */
    double colours;          /* of the palette at the first step */
    double begun_ms, ended_ms;
    uint32_t width, height;
    uint32_t cell; /* one sample colours cell x cell pixels: 8, 4, 2 or 1 */
    uint32_t iterations;
    uint32_t julia;        /* 0: the Mandelbrot set */
    uint32_t orbit_length; /* 0: plain arithmetic */
    _Atomic uint32_t running;
    uint32_t fine; /* 1: four samples for each pixel, the last pass */
};
static_assert(sizeof(struct view) == 96, "web-demo/explore/canvas.js writes these fields");
static_assert(offsetof(struct view, running) == 88, "web-demo/explore/canvas.js reads this");

struct tile {
    double begun_ms, ended_ms;
    uint32_t worker;       /* its place in rt.stats().workers, from 1 on; 0: not drawn */
    _Atomic uint32_t cell; /* written last: the pixels are there */
};
static_assert(sizeof(struct tile) == 24, "web-demo/explore/canvas.js reads these fields");

struct picture {
    struct view *view;
    uint32_t *pixels;
    struct tile *tiles;
    const uint32_t *palette; /* PALETTE_MAX colours, a ring */
    const double *orbit;     /* orbit_length points, re and im */
    size_t first, last;      /* tiles */
    _Atomic uint32_t drawn;
};

void demo_draw(struct view *view, uint32_t *pixels, struct tile *tiles, const uint32_t *palette,
               const double *orbit, size_t first, size_t last);
void demo_blur(uint8_t *pixels, uint8_t *spare, uint32_t width, uint32_t height,
               const uint32_t *weights, uint32_t radius);

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The colour of a point that left the circle after n steps, at z with |z|^2 = size. The
 * logarithms make the count continuous; the power gives small counts more colours. */
static uint32_t colour(const struct picture *picture, uint32_t n, double size)
{
    double smooth = (double)n + 5 - log2(log2(size));
    double place = pow(smooth < 1 ? 1 : smooth, 0.75) * picture->view->colours;
    return picture->palette[(uint32_t)(int64_t)place % PALETTE_MAX];
}

/* Four samples at once in two pairs, which hides half of the latency of the arithmetic. A
 * sample that has escaped keeps its z. */
struct pair {
    f64x2 cr, ci, zr, zi, size;
    i64x2 alive, count;
};

static inline f64x2 choose(i64x2 mask, f64x2 yes, f64x2 no)
{
    return (f64x2)(((i64x2)yes & mask) | ((i64x2)no & ~mask));
}

static inline void advance(struct pair *p)
{
    f64x2 re = p->zr * p->zr - p->zi * p->zi + p->cr;
    f64x2 im = (p->zr + p->zr) * p->zi + p->ci;
    p->zr = choose(p->alive, re, p->zr);
    p->zi = choose(p->alive, im, p->zi);
    p->count -= p->alive;
    p->size = p->zr * p->zr + p->zi * p->zi;
    p->alive &= (i64x2)(p->size < (f64x2){ESCAPE, ESCAPE});
}

static inline struct pair pair_at(const struct view *view, double x, double x_next, double y)
{
    struct pair p = {.zr = {x, x_next}, .zi = {y, y}, .alive = {-1, -1}};
    p.cr = view->julia ? (f64x2){view->seed_re, view->seed_re} : p.zr;
    p.ci = view->julia ? (f64x2){view->seed_im, view->seed_im} : p.zi;
    p.size = p.zr * p.zr + p.zi * p.zi;
    p.alive &= (i64x2)(p.size < (f64x2){ESCAPE, ESCAPE});
    return p;
}

/* The two largest parts of the Mandelbrot set, which need no iterations. */
static bool in_largest_parts(double x, double y)
{
    double q = (x - 0.25) * (x - 0.25) + y * y;
    return q * (q + (x - 0.25)) <= 0.25 * y * y || (x + 1) * (x + 1) + y * y <= 0.0625;
}

static WEFT__NOINLINE void sample_plain(const struct picture *picture, double px, double py,
                                        uint32_t colours[SAMPLES])
{
    const struct view *view = picture->view;
    double y = view->top + py * view->step;
    double x[SAMPLES];
    bool inside = !view->julia;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        x[i] = view->left + (px + i * view->cell) * view->step;
        inside = inside && in_largest_parts(x[i], y);
    }
    struct pair one = pair_at(view, x[0], x[1], y);
    struct pair two = pair_at(view, x[2], x[3], y);
    uint32_t left = inside ? 0 : view->iterations;
    i64x2 alive = one.alive | two.alive;
    for (; left >= FEW && (alive[0] | alive[1]) != 0; left -= FEW) {
        for (uint32_t i = 0; i < FEW; i++) {
            advance(&one);
            advance(&two);
        }
        alive = one.alive | two.alive;
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const struct pair *p = i < 2 ? &one : &two;
        colours[i] =
            p->alive[i & 1] ? INSIDE : colour(picture, (uint32_t)p->count[i & 1], p->size[i & 1]);
    }
}

/* Far inside the set's border doubles cannot tell neighbouring points apart. There a sample is
 * followed as its distance d from an orbit Z that JavaScript has computed with many digits:
 * d' = (2 Z + d) d + c. Where z comes nearer to 0 than to Z, it goes on from the orbit's
 * beginning, which is 0 (the rebasing of Zhuoran, 2021). */
static uint32_t sample_deep(const struct picture *picture, double px, double py)
{
    const struct view *view = picture->view;
    const double *orbit = picture->orbit;
    double cr = view->left + px * view->step, ci = view->top + py * view->step;
    double dr = 0, di = 0;
    uint32_t at = 0;
    for (uint32_t n = 0; n < view->iterations; n++) {
        double tr = 2 * orbit[2 * at] + dr, ti = 2 * orbit[2 * at + 1] + di;
        double next = tr * dr - ti * di + cr;
        di = tr * di + ti * dr + ci;
        dr = next;
        at++;
        double zr = orbit[2 * at] + dr, zi = orbit[2 * at + 1] + di;
        double size = zr * zr + zi * zi;
        if (size >= ESCAPE)
            return colour(picture, n, size);
        if (size < dr * dr + di * di || at + 1 == view->orbit_length) {
            dr = zr;
            di = zi;
            at = 0;
        }
    }
    return INSIDE;
}

/* Colours of SAMPLES samples from px, py on, `cell` pixels apart. */
static void sample(const struct picture *picture, double px, double py, uint32_t colours[SAMPLES])
{
    if (picture->view->orbit_length == 0) {
        sample_plain(picture, px, py, colours);
        return;
    }
    for (uint32_t i = 0; i < SAMPLES; i++)
        colours[i] = sample_deep(picture, px + i * picture->view->cell, py);
}

/* The mean of four samples of each pixel, which are spread over it. */
static void sample_finely(const struct picture *picture, uint32_t px, uint32_t py,
                          uint32_t colours[SAMPLES])
{
    u32x4 sums[SAMPLES] = {{0}};
    for (int part = 0; part < 4; part++) {
        uint32_t found[SAMPLES];
        sample(picture, px + (part & 1) * 0.5 - 0.25, py + (part >> 1) * 0.5 - 0.25, found);
        for (uint32_t i = 0; i < SAMPLES; i++)
            sums[i] += (u32x4){found[i] & 255, found[i] >> 8 & 255, found[i] >> 16 & 255, 255};
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        u32x4 mean = sums[i] >> 2;
        colours[i] = mean[0] | mean[1] << 8 | mean[2] << 16 | mean[3] << 24;
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The rows of pixels of one row of samples are alike. Returns false when cancelled. */
static bool draw_tile(const struct picture *picture, uint32_t left, uint32_t top)
{
    const struct view *view = picture->view;
    uint32_t right = least(left + TILE, view->width), bottom = least(top + TILE, view->height);
    for (uint32_t y = top; y < bottom; y += view->cell) {
        if (!weft_checkpoint())
            return false;
        uint32_t *row = picture->pixels + (size_t)y * view->width;
        for (uint32_t x = left; x < right; x += SAMPLES * view->cell) {
            uint32_t colours[SAMPLES];
            if (view->fine)
                sample_finely(picture, x, y, colours);
            else
                sample(picture, x, y, colours);
            uint32_t end = least(x + SAMPLES * view->cell, right);
            for (uint32_t i = x; i < end; i++)
                row[i] = colours[(i - x) / view->cell];
        }
        for (uint32_t copy = y + 1; copy < least(y + view->cell, bottom); copy++) {
            uint32_t *to = picture->pixels + (size_t)copy * view->width;
            for (uint32_t x = left; x < right; x++)
                to[x] = row[x];
        }
    }
    return true;
}

static void draw_tiles(void *context, size_t first, size_t last)
{
    struct picture *picture = context;
    uint32_t columns = (picture->view->width + TILE - 1) / TILE;
    for (size_t i = first; i < last; i++) {
        struct tile *tile = &picture->tiles[i];
        double begun_ms = now_ms();
        if (!draw_tile(picture, (uint32_t)i % columns * TILE, (uint32_t)i / columns * TILE))
            return;
        tile->begun_ms = begun_ms;
        tile->ended_ms = now_ms();
        tile->worker = (uint32_t)(weft_stats_self() + 1);
        atomic_store(&tile->cell, picture->view->fine ? FINE : picture->view->cell);
        weft_progress(atomic_fetch_add(&picture->drawn, 1) + 1, picture->last - picture->first);
    }
}

/* Draws the tiles first..last-1, counted in rows. */
WEFT_EXPORT void demo_draw(struct view *view, uint32_t *pixels, struct tile *tiles,
                           const uint32_t *palette, const double *orbit, size_t first, size_t last)
{
    struct picture picture = {view, pixels, tiles, palette, orbit, first, last, 0};
    atomic_store(&view->running, 1);
    view->begun_ms = now_ms();
    weft_for(first, last, 1, draw_tiles, &picture);
    view->ended_ms = now_ms();
    atomic_store(&view->running, 0);
}

/* ---- Blur -------------------------------------------------------------------------------- */

/* One direction of a blur with 2 * radius + 1 weights that add up to 65536. The sums are exact,
 * so JavaScript gets the same bytes. The picture ends in copies of its last pixels. */
struct blur {
    const uint8_t *from;
    uint8_t *to;
    const uint32_t *weights;
    uint32_t width, height, radius;
    bool vertical;
    _Atomic uint32_t *done; /* rows, of both directions */
};

static inline u32x4 load_pixel(const uint8_t *at)
{
    return (u32x4){at[0], at[1], at[2], at[3]};
}

static inline uint32_t clamp(int64_t value, uint32_t count)
{
    return value < 0 ? 0 : value >= (int64_t)count ? count - 1 : (uint32_t)value;
}

static u32x4 blur_pixel(const struct blur *blur, uint32_t x, uint32_t y)
{
    u32x4 sum = {32768, 32768, 32768, 32768};
    for (uint32_t k = 0; k <= 2 * blur->radius; k++) {
        int64_t offset = (int64_t)k - blur->radius;
        size_t column = blur->vertical ? x : clamp(x + offset, blur->width);
        size_t row = blur->vertical ? clamp(y + offset, blur->height) : y;
        uint32_t weight = blur->weights[k];
        sum += load_pixel(blur->from + 4 * (row * blur->width + column)) * weight;
    }
    return sum >> 16;
}

/* The same where no neighbour is outside: `stride` bytes apart. */
static u32x4 blur_inner_pixel(const uint8_t *first, size_t stride, const uint32_t *weights,
                              uint32_t count)
{
    u32x4 sum = {32768, 32768, 32768, 32768};
    for (uint32_t k = 0; k < count; k++)
        sum += load_pixel(first + k * stride) * weights[k];
    return sum >> 16;
}

static WEFT__NOINLINE void blur_row(const struct blur *blur, uint32_t y)
{
    uint32_t width = blur->width, radius = blur->radius;
    size_t stride = blur->vertical ? (size_t)width * 4 : 4;
    bool inner_row = !blur->vertical || (y >= radius && y + radius < blur->height);
    for (uint32_t x = 0; x < width; x++) {
        size_t at = 4 * ((size_t)y * width + x);
        bool inner = inner_row && (blur->vertical || (x >= radius && x + radius < width));
        u32x4 pixel = inner ? blur_inner_pixel(blur->from + at - radius * stride, stride,
                                               blur->weights, 2 * radius + 1)
                            : blur_pixel(blur, x, y);
        for (int i = 0; i < 4; i++)
            blur->to[at + (size_t)i] = (uint8_t)pixel[i];
    }
}

static void blur_rows(void *context, size_t first, size_t last)
{
    const struct blur *blur = context;
    for (size_t y = first; y < last && weft_checkpoint(); y++) {
        blur_row(blur, (uint32_t)y);
        weft_progress(atomic_fetch_add(blur->done, 1) + 1, 2 * (size_t)blur->height);
    }
}

/* Blurs `pixels` (RGBA) in place; `spare` has the same size. */
WEFT_EXPORT void demo_blur(uint8_t *pixels, uint8_t *spare, uint32_t width, uint32_t height,
                           const uint32_t *weights, uint32_t radius)
{
    _Atomic uint32_t done = 0;
    struct blur across = {pixels, spare, weights, width, height, radius, false, &done};
    struct blur down = {spare, pixels, weights, width, height, radius, true, &done};
    weft_for(0, height, 1, blur_rows, &across);
    weft_for(0, height, 1, blur_rows, &down);
}
