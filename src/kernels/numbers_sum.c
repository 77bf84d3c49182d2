/* numbers_sum.c: sums, means and prefix sums of every type of number. Sum and mean of
 * doubles are in sum.c. */
#include "kernels.h"
#include "numbers.h"

#include <math.h>

/* Numbers per slice at least, so that short arrays stay on one thread; see also
 * weft_reduce about the most slices. */
#define SLICE_LEAST 16384

/* PART holds the sum of so many. */
#define PART_LENGTH 4096

#define SCAN_SLICES_MAX 256

#define WEFT_TEMPLATE "numbers_sum_template.h"
#include "each_number.h"
