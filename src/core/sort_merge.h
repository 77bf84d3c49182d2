/* sort_merge.h: the merge of weft_sort, for those whose runs come from elsewhere. */
#ifndef WEFT_CORE_SORT_MERGE_H
#define WEFT_CORE_SORT_MERGE_H

#include <weft/sort.h>

/* Merges a[0..a_count-1] and b[0..b_count-1], each in order, into `to`, which overlaps
 * neither; of equal items those of a come first. Cut into tasks: call it inside a job. When
 * that is cancelled `to` holds all items in some order. */
void weft__sort_merge(size_t item_bytes, weft_compare_fn compare, void *context, const void *a,
                      size_t a_count, const void *b, size_t b_count, void *to);

#endif
