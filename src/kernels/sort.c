/* sort.c: radix sort of 64-bit keys.
 *
 * A large stretch is dealt out by the 8 highest bits that differ within it into a second
 * array, all threads at once; each of the 256 parts is then sorted by itself, back into
 * its home. A part that fits into a core's cache is dealt out again by up to three
 * digits, the lowest first; only keys that agree in all of these are looked at once
 * more. So the work follows the bits that differ, not the width of the key, and no
 * distribution of the keys costs more than 64 / 8 passes. */
#include "kernels.h"
#include "slices.h"

#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS    8
#define DIGITS        256
#define INSERTION_MAX 24     /* keys that insertion sort is best for */
#define LEAF_MAX      65536  /* keys that fit into the cache twice */
#define BLOCK_KEYS    131072 /* keys that one thread counts and deals out in one go */
#define BLOCKS_MAX    64

/* Doubles travel as keys whose unsigned order is that of the values. */
#define SIGN_BIT (UINT64_C(1) << 63)
/* What -infinity becomes before it is moved to 0. NaNs with the sign bit lie below and
 * wrap around to the end. */
#define MINUS_INFINITY UINT64_C(0x000fffffffffffff)

static inline uint64_t key_of_bits(uint64_t bits)
{
    return (bits ^ ((bits & SIGN_BIT) != 0 ? UINT64_MAX : SIGN_BIT)) - MINUS_INFINITY;
}

static inline uint64_t bits_of_key(uint64_t key)
{
    key += MINUS_INFINITY;
    return key ^ ((key & SIGN_BIT) != 0 ? SIGN_BIT : UINT64_MAX);
}

/* A stretch on its way. Once the sort of a stretch returns, sorted or cancelled, `home`
 * holds each of its values, as u64 or double. */
struct stretch {
    uint64_t *home;
    uint64_t *spare; /* as long; undefined afterwards */
    size_t count;
    bool at_home; /* where the keys are: home or spare */
    bool raw;     /* home holds doubles that are not keys yet */
    bool doubles; /* home is to hold doubles in the end */
    bool parallel;
};

/* ---- small stretches ---- */

static void insertion_sort(uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        size_t place = i;
        for (; place > 0 && keys[place - 1] > key; place--)
            keys[place] = keys[place - 1];
        keys[place] = key;
    }
}

/* The bits in which any two keys differ; 0 also when the keys are in order. */
static uint64_t unsorted_bits(const uint64_t *keys, size_t count)
{
    uint64_t differing = 0, first = keys[0];
    size_t i = 1;
    while (i < count && keys[i - 1] <= keys[i])
        i++;
    if (i >= count)
        return 0;
    for (i = 1; i < count; i++)
        differing |= keys[i] ^ first;
    return differing;
}

static inline unsigned bit_length(uint64_t word)
{
    return word == 0 ? 0 : 64 - (unsigned)__builtin_clzll(word);
}

/* How many of the highest differing bits to deal out by: so many that few keys share
 * them, if the keys are spread evenly. */
static unsigned window_bits(size_t count)
{
    return count <= 128 ? DIGIT_BITS : count <= 4096 ? 2 * DIGIT_BITS : 3 * DIGIT_BITS;
}

static WEFT__NOINLINE void count_digits(const uint64_t *keys, size_t count, unsigned shift,
                                        unsigned digits, uint32_t counts[][DIGITS])
{
    memset(counts, 0, digits * sizeof counts[0]);
    for (size_t i = 0; i < count; i++) {
        uint64_t key = keys[i] >> shift;
        for (unsigned d = 0; d < digits; d++)
            counts[d][key >> (d * DIGIT_BITS) & (DIGITS - 1)]++;
    }
}

/* Turns counts into places and moves the keys there. False if all have the same digit. */
static WEFT__NOINLINE bool deal_digit(const uint64_t *from, uint64_t *to, size_t count,
                                      unsigned shift, uint32_t counts[DIGITS])
{
    if (counts[from[0] >> shift & (DIGITS - 1)] == count)
        return false;
    uint32_t place = 0;
    for (unsigned d = 0; d < DIGITS; d++) {
        uint32_t here = counts[d];
        counts[d] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t key = from[i];
        to[counts[key >> shift & (DIGITS - 1)]++] = key;
    }
    return true;
}

static void sort_keys(uint64_t *home, uint64_t *spare, size_t count, bool at_home);

/* Sorts each run of keys that agree above `shift`. */
static WEFT__NOINLINE void sort_runs(uint64_t *home, uint64_t *spare, size_t count, unsigned shift)
{
    for (size_t i = 1; i < count; i++) {
        if ((home[i - 1] ^ home[i]) >> shift != 0)
            continue;
        size_t first = i - 1;
        while (i < count && (home[first] ^ home[i]) >> shift == 0)
            i++;
        sort_keys(home + first, spare + first, i - first, true);
    }
}

/* Sorts at most LEAF_MAX keys into `home`; they are there or in `spare`. */
static void sort_keys(uint64_t *home, uint64_t *spare, size_t count, bool at_home)
{
    uint64_t *from = at_home ? home : spare, *to = at_home ? spare : home;
    if (count > INSERTION_MAX) {
        unsigned bits = bit_length(unsorted_bits(from, count));
        unsigned window = window_bits(count);
        unsigned shift = bits > window ? bits - window : 0;
        unsigned digits = (bits - shift + DIGIT_BITS - 1) / DIGIT_BITS;
        uint32_t counts[3][DIGITS];
        if (digits > 0)
            count_digits(from, count, shift, digits, counts);
        for (unsigned d = 0; d < digits; d++) {
            if (deal_digit(from, to, count, shift + d * DIGIT_BITS, counts[d])) {
                uint64_t *other = from;
                from = to;
                to = other;
            }
        }
        if (from != home)
            memcpy(home, from, count * sizeof *home);
        if (shift > 0)
            sort_runs(home, spare, count, shift);
        return;
    }
    if (from != home && count > 0)
        memcpy(home, from, count * sizeof *home);
    insertion_sort(home, count);
}

/* ---- large stretches ---- */

static WEFT__NOINLINE void make_doubles(uint64_t *home, size_t count)
{
    for (size_t i = 0; i < count; i++)
        home[i] = bits_of_key(home[i]);
}

/* Brings the keys home unsorted. */
static void bring_home(const struct stretch *all)
{
    if (!all->at_home)
        memcpy(all->home, all->spare, all->count * sizeof *all->home);
    if (all->doubles && !all->raw)
        make_doubles(all->home, all->count);
}

/* What one dealing-out of a stretch needs. The threads work on blocks of the keys. */
struct deal {
    const struct stretch *all;
    const uint64_t *from;
    uint64_t *to;
    unsigned shift;
    size_t blocks;
    size_t (*places)[DIGITS];  /* per block: how many of each digit, then where they go */
    size_t starts[DIGITS + 1]; /* of the parts */
    bool done[DIGITS];         /* part is home; each written by one thread */
};

static void block_range(const struct deal *deal, size_t block, size_t *first, size_t *last)
{
    size_t length = deal->all->count / deal->blocks;
    *first = block * length;
    *last = block + 1 == deal->blocks ? deal->all->count : *first + length;
}

/* The loops below come in two forms, for keys and for doubles on their way to keys;
 * `raw` is a constant in each. */
static inline uint64_t key_at(const uint64_t *from, size_t i, bool raw)
{
    return raw ? key_of_bits(from[i]) : from[i];
}

static inline void count_block(const struct deal *deal, size_t block, bool raw)
{
    size_t *counts = deal->places[block], first, last;
    uint32_t local[DIGITS] = {0};
    block_range(deal, block, &first, &last);
    for (size_t i = first; i < last; i++)
        local[key_at(deal->from, i, raw) >> deal->shift & (DIGITS - 1)]++;
    for (unsigned d = 0; d < DIGITS; d++)
        counts[d] = local[d];
}

static inline void deal_block(const struct deal *deal, size_t block, bool raw)
{
    size_t *places = deal->places[block], first, last;
    const uint64_t *from = deal->from;
    uint64_t *to = deal->to;
    unsigned shift = deal->shift;
    block_range(deal, block, &first, &last);
    for (size_t i = first; i < last; i++) {
        uint64_t key = key_at(from, i, raw);
        to[places[key >> shift & (DIGITS - 1)]++] = key;
    }
}

static void count_blocks(void *context, size_t first, size_t last)
{
    const struct deal *deal = context;
    for (size_t block = first; block < last; block++) {
        if (deal->all->raw)
            count_block(deal, block, true);
        else
            count_block(deal, block, false);
    }
}

static void deal_blocks(void *context, size_t first, size_t last)
{
    const struct deal *deal = context;
    for (size_t block = first; block < last; block++) {
        if (deal->all->raw)
            deal_block(deal, block, true);
        else
            deal_block(deal, block, false);
    }
}

static void places_from_counts(struct deal *deal)
{
    size_t place = 0;
    for (unsigned d = 0; d < DIGITS; d++) {
        deal->starts[d] = place;
        for (size_t block = 0; block < deal->blocks; block++) {
            size_t here = deal->places[block][d];
            deal->places[block][d] = place;
            place += here;
        }
    }
    deal->starts[DIGITS] = place;
}

static struct stretch part_of(const struct deal *deal, size_t digit)
{
    struct stretch part = *deal->all;
    part.home += deal->starts[digit];
    part.spare += deal->starts[digit];
    part.count = deal->starts[digit + 1] - deal->starts[digit];
    part.at_home = !part.at_home;
    part.raw = false;
    return part;
}

static void sort_stretch(const struct stretch *all);

static void sort_parts(void *context, size_t first, size_t last)
{
    struct deal *deal = context;
    for (size_t digit = first; digit < last; digit++) {
        struct stretch part = part_of(deal, digit);
        sort_stretch(&part);
        deal->done[digit] = true;
    }
}

/* Runs fn on each of `count` pieces. False if the job was cancelled, and so pieces may
 * have been left out. */
static bool run_pieces(struct deal *deal, size_t count, weft_range_fn fn)
{
    if (!deal->all->parallel) {
        serial_for(0, count, 1, fn, deal);
        return true;
    }
    weft_for(0, count, 1, fn, deal);
    return !weft_cancelled();
}

/* Deals the stretch out and sorts the parts. */
static void sort_by_parts(struct deal *deal)
{
    if (!run_pieces(deal, deal->blocks, count_blocks)) {
        bring_home(deal->all);
        return;
    }
    places_from_counts(deal);
    if (!run_pieces(deal, deal->blocks, deal_blocks)) {
        bring_home(deal->all);
        return;
    }
    if (run_pieces(deal, DIGITS, sort_parts))
        return;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        struct stretch part = part_of(deal, digit);
        if (!deal->done[digit])
            bring_home(&part);
    }
}

/* The bits in which keys differ, and whether the keys are in order. */
struct survey {
    uint64_t differing;
    bool sorted;
};

static inline struct survey survey_range(const struct deal *deal, size_t first, size_t last,
                                         bool raw)
{
    const uint64_t *from = deal->from;
    uint64_t base = key_at(from, 0, raw), differing = 0;
    uint64_t before = key_at(from, first > 0 ? first - 1 : 0, raw);
    size_t i = first;
    for (; i < last; i++) {
        uint64_t key = key_at(from, i, raw);
        differing |= key ^ base;
        if (key < before)
            break;
        before = key;
    }
    struct survey survey = {differing, i >= last};
    for (; i < last; i++)
        survey.differing |= key_at(from, i, raw) ^ base;
    return survey;
}

static void survey_keys(void *context, size_t first, size_t last, void *partial)
{
    const struct deal *deal = context;
    struct survey *survey = partial;
    *survey = deal->all->raw ? survey_range(deal, first, last, true)
                             : survey_range(deal, first, last, false);
}

static void merge_surveys(void *context, void *into, const void *from)
{
    struct survey *survey = into;
    const struct survey *more = from;
    (void)context;
    survey->differing |= more->differing;
    survey->sorted = survey->sorted && more->sorted;
}

struct serial_survey {
    struct deal *deal;
    struct survey survey;
};

static void survey_slice(void *context, size_t first, size_t last)
{
    struct serial_survey *all = context;
    struct survey here;
    survey_keys(all->deal, first, last, &here);
    merge_surveys(NULL, &all->survey, &here);
}

static enum weft_status survey_stretch(struct deal *deal, struct survey *survey)
{
    size_t count = deal->all->count;
    if (deal->all->parallel)
        return weft_reduce(0, count, BLOCK_KEYS, survey_keys, merge_surveys, deal, survey,
                           sizeof *survey);
    struct serial_survey all = {deal, {0, true}};
    serial_for(0, count, BLOCK_KEYS, survey_slice, &all);
    *survey = all.survey;
    return WEFT_OK;
}

/* More than LEAF_MAX keys. */
static WEFT__NOINLINE void sort_large(const struct stretch *all)
{
    struct deal deal = {.all = all};
    deal.from = all->at_home ? all->home : all->spare;
    deal.to = all->at_home ? all->spare : all->home;
    struct survey survey = {0, true};
    enum weft_status status = survey_stretch(&deal, &survey);
    if (status != WEFT_OK || survey.sorted) {
        bring_home(all);
        return;
    }
    unsigned bits = bit_length(survey.differing);
    deal.shift = bits > DIGIT_BITS ? bits - DIGIT_BITS : 0;
    deal.blocks = all->count / BLOCK_KEYS;
    if (deal.blocks > BLOCKS_MAX)
        deal.blocks = BLOCKS_MAX;
    /* The table is too large for the stack of a worker; without room on the heap one
     * block has to do. */
    size_t one_block[1][DIGITS];
    deal.places = deal.blocks > 1 ? malloc(deal.blocks * sizeof *deal.places) : NULL;
    void *heap = deal.places;
    if (heap == NULL) {
        deal.places = one_block;
        deal.blocks = 1;
    }
    sort_by_parts(&deal);
    free(heap);
}

static void sort_stretch(const struct stretch *all)
{
    if (all->count > LEAF_MAX) {
        sort_large(all);
        return;
    }
    if (all->raw) {
        for (size_t i = 0; i < all->count; i++)
            all->home[i] = key_of_bits(all->home[i]);
    }
    sort_keys(all->home, all->spare, all->count, all->at_home);
    if (all->doubles)
        make_doubles(all->home, all->count);
}

static int32_t sort_array(void *xs, size_t count, bool doubles, bool parallel)
{
    if (xs == NULL && count > 0)
        return WEFT_ERR_INVALID;
    uint64_t *spare = NULL;
    if (count > INSERTION_MAX) {
        spare = count <= SIZE_MAX / sizeof *spare ? malloc(count * sizeof *spare) : NULL;
        if (spare == NULL)
            return WEFT_ERR_NOMEM;
    }
    sort_stretch(&(struct stretch){.home = xs,
                                   .spare = spare,
                                   .count = count,
                                   .at_home = true,
                                   .raw = doubles,
                                   .doubles = doubles,
                                   .parallel = parallel});
    free(spare);
    return parallel && weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
}

WEFT_EXPORT int32_t weft_sort_u64(uint64_t *xs, size_t count)
{
    return sort_array(xs, count, false, true);
}

WEFT_EXPORT int32_t weft_sort_u64_serial(uint64_t *xs, size_t count)
{
    return sort_array(xs, count, false, false);
}

WEFT_EXPORT int32_t weft_sort_f64(double *xs, size_t count)
{
    return sort_array(xs, count, true, true);
}

WEFT_EXPORT int32_t weft_sort_f64_serial(double *xs, size_t count)
{
    return sort_array(xs, count, true, false);
}
