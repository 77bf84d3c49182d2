/* sort_radix.h: radix sort of unsigned keys of one width, alone or each with a value. The
 * whole of sort_radix32.c and sort_radix64.c, which define KEY, KEY_BITS and the name of
 * the function, RADIX.
 *
 * A large stretch is dealt out by the 8 highest bits that differ within it into a second
 * array, all threads at once; each of the 256 parts is then sorted by itself, back into
 * its home. A part that fits into a core's cache is dealt out again by up to three
 * digits, the lowest first; only keys that agree in all of these are looked at once
 * more. So the work follows the bits that differ, not the width of the key, and no
 * distribution of the keys costs more than KEY_BITS / 8 passes. Every step is stable.
 *
 * Loops come in several forms, told apart by constant parameters: `mapped`, the keys are
 * to be mapped on their way (weft__key_order); `pairs`, values move along. */
#include "sort.h"

#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS    8
#define DIGITS        256
#define INSERTION_MAX WEFT__RADIX_IN_PLACE_MAX /* keys that insertion sort is best for */
#define LEAF_MAX      65536                    /* keys that fit into the cache twice */
#define BLOCK_KEYS    131072                   /* keys that a thread deals out in one go */
#define BLOCKS_MAX    64
#define SIGN_BIT      ((KEY)1 << (KEY_BITS - 1))

#define INLINE static inline __attribute__((always_inline))

struct column {
    KEY *keys;
    uint32_t *values; /* NULL: none */
};

/* A stretch on its way. Once the sort of a stretch returns, sorted or cancelled, `home`
 * holds each of its pairs, with the key as the caller knows it. */
struct stretch {
    struct column home;
    struct column spare; /* as long; undefined afterwards */
    size_t count;
    bool at_home; /* where the pairs are: home or spare */
    bool mapped;  /* the keys are what the order makes of them */
    const struct weft__key_sort *sort;
};

static inline struct column column_from(struct column column, size_t first)
{
    return (struct column){column.keys + first,
                           column.values != NULL ? column.values + first : NULL};
}

static void copy_column(struct column to, struct column from, size_t count)
{
    memcpy(to.keys, from.keys, count * sizeof *to.keys);
    if (to.values != NULL)
        memcpy(to.values, from.values, count * sizeof *to.values);
}

INLINE KEY key_of_bits(KEY bits, KEY negative, KEY offset)
{
    return (KEY)((bits ^ ((bits & SIGN_BIT) != 0 ? negative : SIGN_BIT)) - offset);
}

INLINE KEY bits_of_key(KEY key, KEY negative, KEY offset)
{
    key += offset;
    return key ^ ((key & SIGN_BIT) != 0 ? SIGN_BIT : negative);
}

static WEFT__NOINLINE void map_keys(KEY *keys, size_t count, const struct weft__key_order *order)
{
    KEY negative = (KEY)order->negative, offset = (KEY)order->offset;
    for (size_t i = 0; i < count; i++)
        keys[i] = key_of_bits(keys[i], negative, offset);
}

static WEFT__NOINLINE void unmap_keys(KEY *keys, size_t count, const struct weft__key_order *order)
{
    KEY negative = (KEY)order->negative, offset = (KEY)order->offset;
    for (size_t i = 0; i < count; i++)
        keys[i] = bits_of_key(keys[i], negative, offset);
}

/* ---- small stretches ---- */

INLINE void insert_each(KEY *keys, uint32_t *values, size_t count, bool pairs)
{
    for (size_t i = 1; i < count; i++) {
        KEY key = keys[i];
        uint32_t value = pairs ? values[i] : 0;
        size_t place = i;
        for (; place > 0 && keys[place - 1] > key; place--) {
            keys[place] = keys[place - 1];
            if (pairs)
                values[place] = values[place - 1];
        }
        keys[place] = key;
        if (pairs)
            values[place] = value;
    }
}

static void insertion_sort(struct column column, size_t count)
{
    if (column.values != NULL)
        insert_each(column.keys, column.values, count, true);
    else
        insert_each(column.keys, NULL, count, false);
}

/* The bits in which any two keys differ; 0 also when the keys are in order. */
static KEY unsorted_bits(const KEY *keys, size_t count)
{
    KEY differing = 0, first = keys[0];
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

static WEFT__NOINLINE void count_digits(const KEY *keys, size_t count, unsigned shift,
                                        unsigned digits, uint32_t counts[][DIGITS])
{
    memset(counts, 0, digits * sizeof counts[0]);
    for (size_t i = 0; i < count; i++) {
        KEY key = keys[i] >> shift;
        for (unsigned d = 0; d < digits; d++)
            counts[d][key >> (d * DIGIT_BITS) & (DIGITS - 1)]++;
    }
}

INLINE void deal_each(struct column from, struct column to, size_t count, unsigned shift,
                      uint32_t places[DIGITS], bool pairs)
{
    const KEY *keys = from.keys;
    KEY *to_keys = to.keys;
    for (size_t i = 0; i < count; i++) {
        KEY key = keys[i];
        uint32_t place = places[key >> shift & (DIGITS - 1)]++;
        to_keys[place] = key;
        if (pairs)
            to.values[place] = from.values[i];
    }
}

static WEFT__NOINLINE void deal_keys(struct column from, struct column to, size_t count,
                                     unsigned shift, uint32_t places[DIGITS])
{
    deal_each(from, to, count, shift, places, false);
}

static WEFT__NOINLINE void deal_pairs(struct column from, struct column to, size_t count,
                                      unsigned shift, uint32_t places[DIGITS])
{
    deal_each(from, to, count, shift, places, true);
}

/* Turns counts into places and moves the pairs there. False if all have the same digit. */
static bool deal_digit(struct column from, struct column to, size_t count, unsigned shift,
                       uint32_t counts[DIGITS])
{
    if (counts[from.keys[0] >> shift & (DIGITS - 1)] == count)
        return false;
    uint32_t place = 0;
    for (unsigned d = 0; d < DIGITS; d++) {
        uint32_t here = counts[d];
        counts[d] = place;
        place += here;
    }
    if (from.values != NULL)
        deal_pairs(from, to, count, shift, counts);
    else
        deal_keys(from, to, count, shift, counts);
    return true;
}

static void sort_leaf(struct column home, struct column spare, size_t count, bool at_home);

/* Sorts each run of keys that agree above `shift`. */
static WEFT__NOINLINE void sort_runs(struct column home, struct column spare, size_t count,
                                     unsigned shift)
{
    const KEY *keys = home.keys;
    for (size_t i = 1; i < count; i++) {
        if ((keys[i - 1] ^ keys[i]) >> shift != 0)
            continue;
        size_t first = i - 1;
        while (i < count && (keys[first] ^ keys[i]) >> shift == 0)
            i++;
        sort_leaf(column_from(home, first), column_from(spare, first), i - first, true);
    }
}

/* Sorts at most LEAF_MAX pairs into `home`; they are there or in `spare`. */
static void sort_leaf(struct column home, struct column spare, size_t count, bool at_home)
{
    struct column from = at_home ? home : spare, to = at_home ? spare : home;
    if (count > INSERTION_MAX) {
        unsigned bits = bit_length(unsorted_bits(from.keys, count));
        unsigned window = window_bits(count);
        unsigned shift = bits > window ? bits - window : 0;
        unsigned digits = (bits - shift + DIGIT_BITS - 1) / DIGIT_BITS;
        uint32_t counts[3][DIGITS];
        if (digits > 0)
            count_digits(from.keys, count, shift, digits, counts);
        for (unsigned d = 0; d < digits; d++) {
            if (deal_digit(from, to, count, shift + d * DIGIT_BITS, counts[d])) {
                struct column other = from;
                from = to;
                to = other;
            }
        }
        if (from.keys != home.keys)
            copy_column(home, from, count);
        if (shift > 0)
            sort_runs(home, spare, count, shift);
        return;
    }
    if (from.keys != home.keys && count > 0)
        copy_column(home, from, count);
    insertion_sort(home, count);
}

/* ---- large stretches ---- */

/* Brings the pairs home unsorted. */
static void bring_home(const struct stretch *all)
{
    if (!all->at_home)
        copy_column(all->home, all->spare, all->count);
    if (all->mapped)
        unmap_keys(all->home.keys, all->count, &all->sort->order);
}

/* What one dealing-out of a stretch needs. The threads work on blocks of the pairs. */
struct deal {
    const struct stretch *all;
    struct column from;
    struct column to;
    KEY negative; /* of the order */
    KEY offset;
    bool map; /* the keys are to be mapped on their way */
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

INLINE KEY key_at(const struct deal *deal, size_t i, bool map)
{
    KEY bits = deal->from.keys[i];
    return map ? key_of_bits(bits, deal->negative, deal->offset) : bits;
}

INLINE void count_block(const struct deal *shared, size_t block, bool map)
{
    const struct deal copy = *shared, *deal = &copy; /* stores below cannot change it */
    size_t first, last, counts[DIGITS] = {0};
    block_range(deal, block, &first, &last);
    for (size_t i = first; i < last; i++)
        counts[key_at(deal, i, map) >> deal->shift & (DIGITS - 1)]++;
    memcpy(deal->places[block], counts, sizeof counts);
}

INLINE void deal_block(const struct deal *deal, size_t block, bool map, bool pairs)
{
    size_t *places = deal->places[block], first, last;
    const KEY *from = deal->from.keys;
    KEY *to = deal->to.keys, negative = deal->negative, offset = deal->offset;
    const uint32_t *from_values = deal->from.values;
    uint32_t *to_values = deal->to.values;
    unsigned shift = deal->shift;
    block_range(deal, block, &first, &last);
    for (size_t i = first; i < last; i++) {
        KEY key = map ? key_of_bits(from[i], negative, offset) : from[i];
        size_t place = places[key >> shift & (DIGITS - 1)]++;
        to[place] = key;
        if (pairs)
            to_values[place] = from_values[i];
    }
}

static void count_blocks(void *context, size_t first, size_t last)
{
    const struct deal *deal = context;
    for (size_t block = first; block < last; block++) {
        if (deal->map)
            count_block(deal, block, true);
        else
            count_block(deal, block, false);
    }
}

static void deal_key_blocks(void *context, size_t first, size_t last)
{
    const struct deal *deal = context;
    for (size_t block = first; block < last; block++) {
        if (deal->map)
            deal_block(deal, block, true, false);
        else
            deal_block(deal, block, false, false);
    }
}

static void deal_pair_blocks(void *context, size_t first, size_t last)
{
    const struct deal *deal = context;
    for (size_t block = first; block < last; block++) {
        if (deal->map)
            deal_block(deal, block, true, true);
        else
            deal_block(deal, block, false, true);
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
    part.home = column_from(part.home, deal->starts[digit]);
    part.spare = column_from(part.spare, deal->starts[digit]);
    part.count = deal->starts[digit + 1] - deal->starts[digit];
    part.at_home = !part.at_home;
    part.mapped = part.mapped || deal->map;
    return part;
}

static void sort_stretch(struct stretch *all);

static void sort_parts(void *context, size_t first, size_t last)
{
    struct deal *deal = context;
    for (size_t digit = first; digit < last; digit++) {
        struct stretch part = part_of(deal, digit);
        sort_stretch(&part);
        deal->done[digit] = true;
    }
}

/* fn on the caller. Engines such as V8 take up the optimised code of a function at its
 * next call only, so there are many; the volatile pointer keeps them apart. */
static void run_alone(size_t count, size_t slice, weft_range_fn fn, void *context)
{
    weft_range_fn volatile body = fn;
    for (size_t first = 0; first < count; first += slice)
        body(context, first, count - first > slice ? first + slice : count);
}

/* Runs fn on each of `count` pieces. False if the job was cancelled, and so pieces may
 * have been left out. */
static bool run_pieces(struct deal *deal, size_t count, weft_range_fn fn)
{
    if (!deal->all->sort->parallel) {
        run_alone(count, 1, fn, deal);
        return true;
    }
    weft_for(0, count, 1, fn, deal);
    return !weft_cancelled();
}

/* Deals the stretch out and sorts the parts. */
static void sort_by_parts(struct deal *deal)
{
    weft_range_fn deal_blocks = deal->from.values != NULL ? deal_pair_blocks : deal_key_blocks;
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
    KEY differing;
    bool sorted;
};

INLINE struct survey survey_range(const struct deal *deal, size_t first, size_t last, bool map)
{
    KEY base = key_at(deal, 0, map), differing = 0;
    KEY before = key_at(deal, first > 0 ? first - 1 : 0, map);
    size_t i = first;
    for (; i < last; i++) {
        KEY key = key_at(deal, i, map);
        differing |= key ^ base;
        if (key < before)
            break;
        before = key;
    }
    struct survey survey = {differing, i >= last};
    for (; i < last; i++)
        survey.differing |= key_at(deal, i, map) ^ base;
    return survey;
}

static void survey_keys(void *context, size_t first, size_t last, void *partial)
{
    const struct deal *deal = context;
    struct survey *survey = partial;
    *survey =
        deal->map ? survey_range(deal, first, last, true) : survey_range(deal, first, last, false);
}

static void merge_surveys(void *context, void *into, const void *from)
{
    struct survey *survey = into;
    const struct survey *more = from;
    (void)context;
    survey->differing |= more->differing;
    survey->sorted = survey->sorted && more->sorted;
}

struct lone_survey {
    struct deal *deal;
    struct survey survey;
};

static void survey_slice(void *context, size_t first, size_t last)
{
    struct lone_survey *all = context;
    struct survey here;
    survey_keys(all->deal, first, last, &here);
    merge_surveys(NULL, &all->survey, &here);
}

static enum weft_status survey_stretch(struct deal *deal, struct survey *survey)
{
    size_t count = deal->all->count;
    if (deal->all->sort->parallel)
        return weft_reduce(0, count, BLOCK_KEYS, survey_keys, merge_surveys, deal, survey,
                           sizeof *survey);
    struct lone_survey all = {deal, {0, true}};
    run_alone(count, BLOCK_KEYS, survey_slice, &all);
    *survey = all.survey;
    return WEFT_OK;
}

/* More than LEAF_MAX pairs. */
static WEFT__NOINLINE void sort_large(const struct stretch *all)
{
    const struct weft__key_order *order = &all->sort->order;
    struct deal deal = {.all = all,
                        .from = all->at_home ? all->home : all->spare,
                        .to = all->at_home ? all->spare : all->home,
                        .negative = (KEY)order->negative,
                        .offset = (KEY)order->offset,
                        .map = order->mapped && !all->mapped};
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

static void sort_stretch(struct stretch *all)
{
    if (all->count > LEAF_MAX) {
        sort_large(all);
        return;
    }
    const struct weft__key_order *order = &all->sort->order;
    if (order->mapped && !all->mapped)
        map_keys(all->home.keys, all->count, order);
    sort_leaf(all->home, all->spare, all->count, all->at_home);
    if (order->mapped)
        unmap_keys(all->home.keys, all->count, order);
}

void RADIX(const struct weft__key_sort *sort)
{
    sort_stretch(&(struct stretch){.home = {sort->keys, sort->values},
                                   .spare = {sort->spare_keys, sort->spare_values},
                                   .count = sort->count,
                                   .at_home = true,
                                   .sort = sort});
}
