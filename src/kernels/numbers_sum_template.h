/* numbers_sum_template.h: see numbers_sum.c. */

#if !(FLOATING && BITS == 64)

#if FLOATING
/* Eight running sums: one would wait for the latency of each addition. */
static WEFT__NOINLINE SUM NAME(add_up)(const NUMBER *xs, size_t count)
{
    SUM lanes[8] = {0};
    size_t i = 0;
    for (; count - i >= 8; i += 8) {
        for (int lane = 0; lane < 8; lane++)
            lanes[lane] += (SUM)xs[i + (size_t)lane];
    }
    SUM sum = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
              ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
    for (; i < count; i++)
        sum += (SUM)xs[i];
    return sum;
}
#else
/* In unsigned numbers, which may wrap around. */
static WEFT__NOINLINE SUM NAME(add_up)(const NUMBER *xs, size_t count)
{
    uint64_t sum = 0;
    while (count > 0) {
        size_t length = count < PART_LENGTH ? count : PART_LENGTH;
        PART part = 0;
        for (size_t i = 0; i < length; i++)
            part += (PART)xs[i];
        sum += (uint64_t)(SUM)part;
        xs += length;
        count -= length;
    }
    return (SUM)sum;
}
#endif

static void NAME(sum_slice)(void *context, size_t first, size_t last, void *partial)
{
    *(SUM *)partial = NAME(add_up)((const NUMBER *)context + first, last - first);
}

static void NAME(sum_combine)(void *context, void *into, const void *from)
{
    (void)context;
#if FLOATING
    *(SUM *)into += *(const SUM *)from;
#else
    *(SUM *)into = (SUM)((uint64_t) * (SUM *)into + (uint64_t) * (const SUM *)from);
#endif
}

WEFT_EXPORT SUM NAME(weft_sum)(const NUMBER *xs, size_t count)
{
    SUM sum = 0;
    enum weft_status status = weft_reduce(0, count, SLICE_LEAST, NAME(sum_slice), NAME(sum_combine),
                                          (void *)(uintptr_t)xs, &sum, sizeof sum);
#if FLOATING
    return status == WEFT_OK ? sum : (SUM)NAN;
#else
    return status == WEFT_OK ? sum : 0;
#endif
}

#if BITS < 64
WEFT_EXPORT double NAME(weft_mean)(const NUMBER *xs, size_t count)
{
    SUM sum = NAME(weft_sum)(xs, count);
    return count == 0 || weft_cancelled() ? (double)NAN : (double)sum / (double)count;
}
#else
/* The sum as high * 2^32 + low: exact. */
struct NAME(halves) {
    SUM high;
    uint64_t low;
};

static void NAME(halves_slice)(void *context, size_t first, size_t last, void *partial)
{
    const NUMBER *xs = (const NUMBER *)context + first;
    SUM high = 0;
    uint64_t low = 0;
    for (size_t i = 0; i < last - first; i++) {
        high += xs[i] >> 32; /* arithmetic where it is signed: all our compilers */
        low += (uint64_t)xs[i] & UINT32_MAX;
    }
    *(struct NAME(halves) *)partial =
        (struct NAME(halves)){high + (SUM)(low >> 32), low & UINT32_MAX};
}

static void NAME(halves_combine)(void *context, void *into, const void *from)
{
    (void)context;
    struct NAME(halves) *to = into;
    const struct NAME(halves) *other = from;
    uint64_t low = to->low + other->low;
    to->high += other->high + (SUM)(low >> 32);
    to->low = low & UINT32_MAX;
}

WEFT_EXPORT double NAME(weft_mean)(const NUMBER *xs, size_t count)
{
    struct NAME(halves) sum = {0, 0};
    enum weft_status status =
        weft_reduce(0, count, SLICE_LEAST, NAME(halves_slice), NAME(halves_combine),
                    (void *)(uintptr_t)xs, &sum, sizeof sum);
    if (status != WEFT_OK || count == 0)
        return (double)NAN;
    return ((double)sum.high * 0x1p32 + (double)sum.low) / (double)count;
}
#endif

#endif

/* ---- prefix sums: those that the library has not ---- */

#if BITS < 32 || (FLOATING && BITS == 32)

/* `before` has the total of each slice, then that of all before it. */
struct NAME(running) {
    const NUMBER *xs;
    RUNNING *ys;
    size_t count;
    size_t length; /* of a slice, except the last */
    SUM *before;
    bool exclusive;
};

static size_t NAME(slice_count)(const struct NAME(running) * scan, size_t slice)
{
    size_t left = scan->count - slice * scan->length;
    return left < scan->length ? left : scan->length;
}

static void NAME(total_slices)(void *context, size_t first, size_t last)
{
    const struct NAME(running) *scan = context;
    for (size_t i = first; i < last; i++)
        scan->before[i] = NAME(add_up)(scan->xs + i * scan->length, NAME(slice_count)(scan, i));
}

static WEFT__NOINLINE void NAME(run_inclusive)(const NUMBER *xs, RUNNING *ys, size_t count,
                                               SUM before)
{
    for (size_t i = 0; i < count; i++)
        ys[i] = (RUNNING)(before += xs[i]);
}

static WEFT__NOINLINE void NAME(run_exclusive)(const NUMBER *xs, RUNNING *ys, size_t count,
                                               SUM before)
{
    for (size_t i = 0; i < count; i++) {
        SUM next = before + xs[i]; /* read first: ys may be xs */
        ys[i] = (RUNNING)before;
        before = next;
    }
}

static void NAME(run_slices)(void *context, size_t first, size_t last)
{
    const struct NAME(running) *scan = context;
    for (size_t i = first; i < last; i++) {
        size_t begin = i * scan->length, count = NAME(slice_count)(scan, i);
        if (scan->exclusive)
            NAME(run_exclusive)(scan->xs + begin, scan->ys + begin, count, scan->before[i]);
        else
            NAME(run_inclusive)(scan->xs + begin, scan->ys + begin, count, scan->before[i]);
    }
}

WEFT_EXPORT int32_t NAME(weft_prefix_sum)(const NUMBER *xs, size_t count, uint32_t exclusive,
                                          RUNNING *ys)
{
    if (count > 0 && (xs == NULL || ys == NULL))
        return WEFT_ERR_INVALID;
    SUM before[SCAN_SLICES_MAX], total = 0;
    struct NAME(running) scan = {xs, ys, count, SLICE_LEAST, before, exclusive != 0};
    if (count / SCAN_SLICES_MAX >= SLICE_LEAST)
        scan.length = count / SCAN_SLICES_MAX + 1;
    size_t slices = count / scan.length + (count % scan.length != 0);
    if (slices > 1)
        weft_for(0, slices, 1, NAME(total_slices), &scan);
    else
        before[0] = 0;
    if (weft_cancelled())
        return WEFT_ERR_CANCELLED;
    for (size_t i = 0; i < slices; i++) {
        SUM here = before[i];
        before[i] = total;
        total += here;
    }
    weft_for(0, slices, 1, NAME(run_slices), &scan);
    return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
}

#else

WEFT_EXPORT int32_t NAME(weft_prefix_sum)(const NUMBER *xs, size_t count, uint32_t exclusive,
                                          RUNNING *ys)
{
    enum weft_scan_kind kind = exclusive != 0 ? WEFT_SCAN_EXCLUSIVE : WEFT_SCAN_INCLUSIVE;
#if FLOATING
    return (int32_t)weft_scan_f64(kind, xs, count, ys);
#elif BITS == 64
    return (int32_t)weft_scan_u64(kind, (const uint64_t *)xs, count, (uint64_t *)ys);
#else
    return (int32_t)weft_scan_u32(kind, (const uint32_t *)xs, count, (uint32_t *)ys);
#endif
}

#endif
