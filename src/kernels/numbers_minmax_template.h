/* numbers_minmax_template.h: see numbers_minmax.c. */

/* The extremes of a run of slices, and the beginnings of the first slices that have
 * them: where in its slice an extreme stands is looked up once, at the end. */
struct NAME(extremes) {
    NUMBER least, greatest;
    size_t least_from, greatest_from;
#if FLOATING
    bool nan; /* then least_from is the slice of the first */
#endif
};

#if FLOATING
#if BITS == 32
#define MASK int32_t
#else
#define MASK int64_t
#endif

static bool NAME(below)(NUMBER a, NUMBER b)
{
    return a < b || (a == b && signbit(a) && !signbit(b));
}

static bool NAME(same)(NUMBER a, NUMBER b)
{
    return (a == b && !signbit(a) == !signbit(b)) || (a != a && b != b);
}

/* A comparison does not tell -0 from +0: looks for one with the wanted sign. */
static NUMBER NAME(zero)(const NUMBER *xs, size_t count, bool negative)
{
    for (size_t i = 0; i < count; i++) {
        if (xs[i] == 0 && !signbit(xs[i]) == !negative)
            return xs[i];
    }
    return negative ? (NUMBER)0 : -(NUMBER)0;
}

static WEFT__NOINLINE void NAME(find)(const NUMBER *xs, size_t count, struct NAME(extremes) * found)
{
    NUMBER least[LANES], greatest[LANES];
    MASK odd[LANES] = {0};
    size_t i = 0;
    for (int lane = 0; lane < LANES; lane++)
        least[lane] = greatest[lane] = xs[0];
    for (; count - i >= LANES; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            NUMBER x = xs[i + (size_t)lane];
            least[lane] = x < least[lane] ? x : least[lane];
            greatest[lane] = x > greatest[lane] ? x : greatest[lane];
            odd[lane] |= -(MASK)(x != x);
        }
    }
    for (; i < count; i++) {
        NUMBER x = xs[i];
        least[0] = x < least[0] ? x : least[0];
        greatest[0] = x > greatest[0] ? x : greatest[0];
        odd[0] |= -(MASK)(x != x);
    }
    for (int lane = 1; lane < LANES; lane++) {
        least[0] = least[lane] < least[0] ? least[lane] : least[0];
        greatest[0] = greatest[lane] > greatest[0] ? greatest[lane] : greatest[0];
        odd[0] |= odd[lane];
    }
    found->nan = odd[0] != 0 || xs[0] != xs[0];
    found->least = least[0] == 0 ? NAME(zero)(xs, count, true) : least[0];
    found->greatest = greatest[0] == 0 ? NAME(zero)(xs, count, false) : greatest[0];
}
#undef MASK

#else

static bool NAME(below)(NUMBER a, NUMBER b)
{
    return a < b;
}

static bool NAME(same)(NUMBER a, NUMBER b)
{
    return a == b;
}

static WEFT__NOINLINE void NAME(find)(const NUMBER *xs, size_t count, struct NAME(extremes) * found)
{
    NUMBER least = xs[0], greatest = xs[0];
    for (size_t i = 0; i < count; i++) {
        least = xs[i] < least ? xs[i] : least;
        greatest = xs[i] > greatest ? xs[i] : greatest;
    }
    found->least = least;
    found->greatest = greatest;
}
#endif

static void NAME(find_slice)(void *context, size_t first, size_t last, void *partial)
{
    struct NAME(extremes) *found = partial;
    NAME(find)((const NUMBER *)context + first, last - first, found);
    found->least_from = found->greatest_from = first;
}

static void NAME(take_extremes)(void *context, void *into, const void *from)
{
    (void)context;
    struct NAME(extremes) *to = into;
    const struct NAME(extremes) *other = from;
#if FLOATING
    if (to->nan || other->nan) {
        if (!to->nan)
            *to = *other;
        return;
    }
#endif
    if (NAME(below)(other->least, to->least)) {
        to->least = other->least;
        to->least_from = other->least_from;
    }
    if (NAME(below)(to->greatest, other->greatest)) {
        to->greatest = other->greatest;
        to->greatest_from = other->greatest_from;
    }
}

static size_t NAME(place_of)(const NUMBER *xs, size_t from, NUMBER x)
{
    while (!NAME(same)(xs[from], x))
        from++;
    return from;
}

WEFT_EXPORT int32_t NAME(weft_minmax)(const NUMBER *xs, size_t count, NUMBER values[2],
                                      size_t places[2])
{
    if (count == 0 || xs == NULL || values == NULL || places == NULL)
        return WEFT_ERR_INVALID;
    struct NAME(extremes) found;
    enum weft_status status =
        weft_reduce(0, count, SLICE_LEAST, NAME(find_slice), NAME(take_extremes),
                    (void *)(uintptr_t)xs, &found, sizeof found);
    if (status != WEFT_OK)
        return (int32_t)status;
#if FLOATING
    if (found.nan) {
        found.least = found.greatest = (NUMBER)NAN;
        found.greatest_from = found.least_from;
    }
#endif
    places[0] = NAME(place_of)(xs, found.least_from, found.least);
    places[1] = NAME(place_of)(xs, found.greatest_from, found.greatest);
    values[0] = xs[places[0]];
    values[1] = xs[places[1]];
    return WEFT_OK;
}
