/* numbers_test_template.h: what numbers_test.c checks for one type of number. Each
 * reference is the plainest loop that says the same. */

static NUMBER NAME(make)(uint64_t noise, size_t i)
{
#if FLOATING
    static const NUMBER scales[] = {(NUMBER)1, (NUMBER)1e-3, (NUMBER)-1e4, (NUMBER)-7};
    return (NUMBER)((double)(noise >> 11) * 0x1p-53) * scales[i % 4];
#else
    (void)i;
    return (NUMBER)(noise >> (64 - BITS));
#endif
}

static NUMBER *NAME(make_array)(size_t count, uint64_t seed)
{
    NUMBER *xs = must_alloc(count * sizeof *xs);
    uint64_t *noise = must_alloc(count * sizeof *noise);
    weft_fill_noise_u64(noise, count, seed);
    for (size_t i = 0; i < count; i++)
        xs[i] = NAME(make)(noise[i], i);
    free(noise);
    return xs;
}

static bool NAME(is_below)(NUMBER a, NUMBER b)
{
#if FLOATING
    return a < b || (a == 0 && b == 0 && signbit(a) && !signbit(b));
#else
    return a < b;
#endif
}

static void NAME(check_sum)(const NUMBER *xs, size_t count, uint64_t *trace)
{
    double mean = NAME(weft_mean)(xs, count);
    SUM sum = NAME(weft_sum)(xs, count);
    record(trace, &sum, sizeof sum);
    record_f64(trace, mean);
#if FLOATING
    double wanted = 0, lost = 0, size = 0; /* Kahan's sum */
    for (size_t i = 0; i < count; i++) {
        double term = (double)xs[i] - lost, next = wanted + term;
        lost = (next - wanted) - term;
        wanted = next;
        size += fabs((double)xs[i]);
    }
    EXPECT(fabs(sum - wanted) <= 1e-13 * size);
#else
    uint64_t total = 0;
    double wanted = 0;
    for (size_t i = 0; i < count; i++) {
        total += (uint64_t)(SUM)xs[i];
        wanted += (double)xs[i];
    }
    EXPECT_EQ(sum, total);
    double size = wanted;
#endif
    if (count == 0)
        EXPECT(isnan(mean));
    else
        EXPECT(fabs(mean - wanted / (double)count) <= 1e-12 * fabs(size) / (double)count + 1e-3);
}

static void NAME(check_variance)(const NUMBER *xs, size_t count, uint64_t *trace)
{
    double population = NAME(weft_variance)(xs, count, 0), mean = 0, squares = 0;
    double sample = NAME(weft_variance)(xs, count, 1);
    record_f64(trace, population);
    for (size_t i = 0; i < count; i++)
        mean += (double)xs[i] / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)xs[i] - mean) * ((double)xs[i] - mean);
    if (count < 2) {
        EXPECT(isnan(sample));
        EXPECT(count == 1 ? population == 0 : isnan(population));
        return;
    }
    EXPECT(fabs(population - squares / (double)count) <= 1e-9 * squares / (double)count);
    EXPECT(fabs(sample * (double)(count - 1) - population * (double)count) <= 1e-9 * squares);
}

static void NAME(check_minmax)(const NUMBER *xs, size_t count, uint64_t *trace)
{
    NUMBER values[2] = {0, 0};
    size_t places[2] = {7, 7}, least = 0, greatest = 0;
    if (count == 0) {
        EXPECT_EQ(NAME(weft_minmax)(xs, 0, values, places), WEFT_ERR_INVALID);
        EXPECT(places[0] == 7 && places[1] == 7);
        return;
    }
    EXPECT_EQ(NAME(weft_minmax)(xs, count, values, places), WEFT_OK);
    for (size_t i = 1; i < count; i++) {
        if (NAME(is_below)(xs[i], xs[least]))
            least = i;
        if (NAME(is_below)(xs[greatest], xs[i]))
            greatest = i;
    }
    EXPECT_EQ(places[0], least);
    EXPECT_EQ(places[1], greatest);
    EXPECT(memcmp(&values[0], &xs[least], sizeof values[0]) == 0);
    EXPECT(memcmp(&values[1], &xs[greatest], sizeof values[1]) == 0);
    record(trace, values, sizeof values);
}

static void NAME(check_prefix_sum)(const NUMBER *xs, size_t count, uint64_t *trace)
{
    RUNNING *ys = must_alloc(count * sizeof *ys);
    for (uint32_t exclusive = 0; exclusive < 2; exclusive++) {
        EXPECT_EQ(NAME(weft_prefix_sum)(xs, count, exclusive, ys), WEFT_OK);
        size_t wrong = 0;
#if FLOATING
        double sum = 0, size = 0;
        for (size_t i = 0; i < count; i++) {
            double before = sum;
            sum += (double)xs[i];
            size += fabs((double)xs[i]);
            double wanted = exclusive != 0 ? before : sum;
            wrong += !(fabs((double)ys[i] - wanted) <= (BITS == 32 ? 1e-6 : 1e-13) * size);
        }
#else
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t before = sum;
            sum += (uint64_t)(SUM)xs[i];
            wrong += ys[i] != (RUNNING)(exclusive != 0 ? before : sum);
        }
#endif
        EXPECT_EQ(wrong, 0);
        record(trace, ys, count * sizeof *ys);
#if FLOATING || BITS >= 32 /* in place */
        NUMBER *copy = must_alloc(count * sizeof *copy);
        memcpy(copy, xs, count * sizeof *copy);
        EXPECT_EQ(NAME(weft_prefix_sum)(copy, count, exclusive, (RUNNING *)copy), WEFT_OK);
        EXPECT(memcmp(copy, ys, count * sizeof *ys) == 0);
        free(copy);
#endif
    }
    free(ys);
}

static void NAME(check_histogram)(const NUMBER *xs, size_t count, uint64_t *trace)
{
    static const struct {
        uint32_t bins;
        double min, max;
    } cases[] = {{1, -100, 100}, {7, -3.5, 90}, {256, 0, 255}, {1000, -1e4, 2e9}, {100000, 0, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        uint32_t bins = cases[c].bins;
        double min = cases[c].min, max = cases[c].max;
        size_t *counts = must_alloc((bins + 3) * sizeof *counts);
        size_t *wanted = must_alloc((bins + 3) * sizeof *wanted);
        memset(counts, 0x55, (bins + 3) * sizeof *counts);
        memset(wanted, 0, (bins + 3) * sizeof *wanted);
        double scale = bins / (max - min);
        for (size_t i = 0; i < count; i++) {
            double x = (double)xs[i], place = floor((x - min) * scale);
            if (x < min)
                wanted[bins]++;
            else if (x > max)
                wanted[bins + 1]++;
            else
                wanted[place >= bins ? bins - 1 : (size_t)place]++;
        }
        EXPECT_EQ(NAME(weft_histogram)(xs, count, min, max, bins, counts), WEFT_OK);
        EXPECT(memcmp(counts, wanted, (bins + 3) * sizeof *counts) == 0);
        for (uint32_t i = 0; i < bins + 3; i++)
            *trace = (*trace ^ (uint64_t)counts[i]) * UINT64_C(0x100000001b3);
        free(counts);
        free(wanted);
    }
}

static uint64_t NAME(content)(const NUMBER *xs, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &xs[i], sizeof xs[i]);
        bits = (bits ^ bits >> 31) * UINT64_C(0x7fb5d329728ea185) + 1;
        sum += (bits ^ bits >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    }
    return sum;
}

static void NAME(check_sort)(const NUMBER *xs, size_t count, uint64_t *trace)
{
    NUMBER *copy = must_alloc(count * sizeof *copy);
    memcpy(copy, xs, count * sizeof *copy);
    EXPECT_EQ(NAME(weft_sort)(copy, count), WEFT_OK);
    size_t wrong = 0;
    for (size_t i = 1; i < count; i++)
        wrong += NAME(is_below)(copy[i], copy[i - 1]);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(NAME(content)(copy, count), NAME(content)(xs, count));
    record(trace, copy, count * sizeof *copy);
    free(copy);
}

static void NAME(check_all)(uint64_t *trace)
{
    NUMBER *xs = NAME(make_array)(COUNT_MAX, BITS);
    for (size_t i = 0; i < LENGTHS; i++) {
        NAME(check_sum)(xs, lengths[i], trace);
        NAME(check_variance)(xs, lengths[i], trace);
        NAME(check_minmax)(xs, lengths[i], trace);
        NAME(check_prefix_sum)(xs, lengths[i], trace);
        NAME(check_histogram)(xs, lengths[i], trace);
        NAME(check_sort)(xs, lengths[i], trace);
    }
    free(xs);
}

/* A part that begins anywhere: no kernel may need more alignment than one number has. */
static void NAME(check_parts)(uint64_t *trace)
{
    NUMBER *xs = NAME(make_array)(70000, 3);
    for (size_t first = 1; first < 20; first += 3) {
        size_t count = 70000 - 5 * first;
        NAME(check_sum)(xs + first, count, trace);
        NAME(check_minmax)(xs + first, count, trace);
        NAME(check_prefix_sum)(xs + first, count, trace);
        NAME(check_sort)(xs + first, count, trace);
    }
    free(xs);
}

/* The extremes of the type itself. */
static void NAME(check_limits)(void)
{
    NUMBER *xs = NAME(make_array)(40000, 5), values[2];
    size_t places[2];
#if FLOATING
    NUMBER least = -(NUMBER)INFINITY, greatest = (NUMBER)INFINITY;
#else
    bool is_signed = (NUMBER)-1 < 1;
    NUMBER least = (NUMBER)(is_signed ? (uint64_t)1 << (BITS - 1) : 0);
    NUMBER greatest = (NUMBER) ~(uint64_t)least;
#endif
    for (size_t i = 0; i < 40000; i++) {
        if (xs[i] == least || xs[i] == greatest)
            xs[i] = 1;
    }
    xs[33333] = xs[34444] = least;
    xs[16384] = xs[39999] = greatest;
    EXPECT_EQ(NAME(weft_minmax)(xs, 40000, values, places), WEFT_OK);
    EXPECT(values[0] == least && values[1] == greatest);
    EXPECT(places[0] == 33333 && places[1] == 16384);
    EXPECT_EQ(NAME(weft_sort)(xs, 40000), WEFT_OK);
    EXPECT(xs[0] == least && xs[1] == least && xs[2] != least);
    EXPECT(xs[39999] == greatest && xs[39998] == greatest && xs[39997] != greatest);
    free(xs);
}

static void NAME(check_refusals)(void)
{
    NUMBER xs[4] = {1, 2, 3, 4}, values[2];
    RUNNING ys[4];
    size_t places[2], bins[8];
    EXPECT_EQ(NAME(weft_minmax)(NULL, 4, values, places), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_minmax)(xs, 4, NULL, places), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_minmax)(xs, 4, values, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_prefix_sum)(NULL, 4, 0, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_prefix_sum)(xs, 4, 0, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_prefix_sum)(NULL, 0, 0, NULL), WEFT_OK);
    EXPECT_EQ(NAME(weft_sort)(NULL, 4), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_sort)(NULL, 0), WEFT_OK);
    EXPECT_EQ(NAME(weft_histogram)(NULL, 4, 0, 1, 4, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 0, 1, 4, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 0, 1, 0, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 0, 1, (1u << 20) + 1, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 1, 1, 4, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 2, 1, 4, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, (double)NAN, 1, 4, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 0, (double)INFINITY, 4, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, -1e308, 1e308, 4, bins), WEFT_ERR_INVALID);
    EXPECT_EQ(NAME(weft_histogram)(xs, 4, 0, 1e-308, 1000, bins), WEFT_ERR_INVALID);
}

/* In a job that is cancelled at the start, and in one cancelled meanwhile. */
static void NAME(check_cancelled)(void *context)
{
    NUMBER *xs = NAME(make_array)(200000, 6), values[2];
    RUNNING *ys = must_alloc(200000 * sizeof *ys);
    size_t places[2], bins[8];
    uint64_t before = NAME(content)(xs, 200000);
    (void)context;
    weft_cancel();
    EXPECT_EQ(NAME(weft_sort)(xs, 200000), WEFT_ERR_CANCELLED);
    EXPECT_EQ(NAME(weft_minmax)(xs, 200000, values, places), WEFT_ERR_CANCELLED);
    EXPECT_EQ(NAME(weft_prefix_sum)(xs, 200000, 0, ys), WEFT_ERR_CANCELLED);
    EXPECT_EQ(NAME(weft_histogram)(xs, 200000, 0, 1, 4, bins), WEFT_ERR_CANCELLED);
    EXPECT(isnan(NAME(weft_mean)(xs, 200000)));
    EXPECT(isnan(NAME(weft_variance)(xs, 200000, 0)));
    EXPECT_EQ(NAME(content)(xs, 200000), before);
    free(xs);
    free(ys);
}

#if BITS < 32
struct NAME(race) {
    NUMBER *xs;
    uint32_t delay;
    int32_t status;
};

static void NAME(race_sort)(void *context)
{
    struct NAME(race) *race = context;
    race->status = NAME(weft_sort)(race->xs, COUNT_MAX);
}

static void NAME(race_cancel)(void *context)
{
    const struct NAME(race) *race = context;
    for (volatile uint32_t i = 0; i < race->delay; i = i + 1)
        ;
    weft_cancel();
}

static void NAME(race)(void *context)
{
    weft_join(NAME(race_cancel), context, NAME(race_sort), context);
}

static void NAME(check_sort_against_cancel)(void)
{
    NUMBER *xs = NAME(make_array)(COUNT_MAX, 7);
    uint64_t before = NAME(content)(xs, COUNT_MAX);
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    for (uint32_t round = 0; round < 30; round++) {
        struct NAME(race) race = {xs, round * round * 600, 0};
        EXPECT_EQ(weft_run(NAME(race), &race), WEFT_ERR_CANCELLED);
        EXPECT_EQ(NAME(content)(xs, COUNT_MAX), before);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    free(xs);
}
#endif

#if FLOATING
static void NAME(check_special)(void *context)
{
    NUMBER *xs = NAME(make_array)(50000, 8), values[2];
    size_t places[2], bins[13];
    (void)context;
    /* Zeros of both signs, as extremes. */
    for (size_t i = 0; i < 50000; i++)
        xs[i] = (NUMBER)0;
    xs[40000] = xs[41000] = -(NUMBER)0;
    EXPECT_EQ(NAME(weft_minmax)(xs, 50000, values, places), WEFT_OK);
    EXPECT(signbit(values[0]) && places[0] == 40000);
    EXPECT(!signbit(values[1]) && places[1] == 0);
    /* Denormals count in full. */
    for (size_t i = 0; i < 50000; i++)
        xs[i] = BITS == 32 ? (NUMBER)0x1p-149 : (NUMBER)0x1p-1074;
    EXPECT(NAME(weft_sum)(xs, 50000) == 50000 * (double)xs[0]);
    EXPECT(NAME(weft_mean)(xs, 50000) == (double)xs[0]);
    /* The first NaN, wherever it is. */
    static const size_t where[] = {0, 1, 15, 16, 17, 16383, 16384, 16385, 49998, 49999};
    for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
        xs[where[i]] = (NUMBER)NAN;
        xs[49999] = (NUMBER)NAN;
        EXPECT_EQ(NAME(weft_minmax)(xs, 50000, values, places), WEFT_OK);
        EXPECT(isnan(values[0]) && isnan(values[1]));
        EXPECT(places[0] == where[i] && places[1] == where[i]);
        EXPECT(isnan(NAME(weft_sum)(xs, 50000)));
        EXPECT(isnan(NAME(weft_variance)(xs, 50000, 0)));
        EXPECT_EQ(NAME(weft_histogram)(xs, 50000, 0, 1, 10, bins), WEFT_OK);
        EXPECT_EQ(bins[12], where[i] == 49999 ? 1 : 2);
        EXPECT_EQ(bins[0], where[i] == 49999 ? 49999 : 49998);
        xs[where[i]] = xs[49999] = xs[2];
    }
    xs[7] = (NUMBER)INFINITY;
    EXPECT(isinf(NAME(weft_sum)(xs, 50000)));
    EXPECT(isnan(NAME(weft_variance)(xs, 50000, 0)));
    xs[8] = -(NUMBER)INFINITY;
    EXPECT(isnan(NAME(weft_sum)(xs, 50000)));
    EXPECT_EQ(NAME(weft_histogram)(xs, 50000, 0, 1, 10, bins), WEFT_OK);
    EXPECT(bins[10] == 1 && bins[11] == 1 && bins[12] == 0);
    /* A mean that is large beside the spread: 2^20 + {0, 1}. */
    for (size_t i = 0; i < 50000; i++)
        xs[i] = (NUMBER)(1048576 + i % 2);
    EXPECT(fabs(NAME(weft_variance)(xs, 50000, 0) - 0.25) < 1e-12);
    free(xs);
}
#endif
