/* split.h: where the parts of a sorted array begin, when only its pieces are sorted. */
#ifndef WEFT_MPI_SPLIT_H
#define WEFT_MPI_SPLIT_H

#include "ranks.h"

/* The sorted items of one rank. Items are in a total order: by compare, then by rank, then
 * by their place. */
struct weft__mpi_split {
    weft_mpi *mpi;
    const unsigned char *items;
    size_t count;
    size_t item_bytes;
    weft_compare_fn compare;
    void *context;
    size_t *cuts; /* ranks + 1; out: the items of this rank that go to rank r begin at cuts[r] */
    unsigned char *memory; /* weft__mpi_split_bytes; aligned as malloc aligns */
};

/* How much memory it takes; 0: more than there can be. */
size_t weft__mpi_split_bytes(const weft_mpi *mpi, size_t item_bytes);

/* Finds the cuts so that rank r gets the items with the numbers mpi->begins[r] to
 * mpi->begins[r + 1] - 1 of the whole array. False, on all ranks: compare contradicts itself
 * and there are none. */
bool weft__mpi_split(struct weft__mpi_split *split);

#endif
