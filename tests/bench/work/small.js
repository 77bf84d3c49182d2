// The two small kernels that only compare compilers: saxpy and n-queens.

/** y = a * x + y in single precision, each operation rounded as C rounds it. */
export function saxpy(a, xs, ys) {
  const factor = Math.fround(a);
  for (let i = 0; i < ys.length; i++) {
    ys[i] = Math.fround(Math.fround(factor * xs[i]) + ys[i]);
  }
}

/** In how many ways n queens stand on an n x n board without attacking each other. */
export function queens(n) {
  const all = (1 << n) - 1;
  const place = (columns, left, right) => {
    if (columns === all) return 1;
    let count = 0;
    for (let free = all & ~(columns | left | right); free !== 0; free &= free - 1) {
      const bit = free & -free;
      count += place(columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
  };
  return place(0, 0, 0);
}

/** The published numbers of solutions (OEIS A000170), by n. */
export const QUEENS_COUNTS = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596];
