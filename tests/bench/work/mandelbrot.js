// Escape counts of the Mandelbrot set, a band of rows at a time.

/** The picture that every rung draws. */
export const VIEW = {
  width: 1024, height: 1024, left: -2, top: -1.25, step: 2.5 / 1024, maxIterations: 256,
};

export const BAND_ROWS = 16;

/** How often z -> z^2 + c stays within the circle of radius 2. */
function escapeCount(cx, cy, max) {
  let zr = 0;
  let zi = 0;
  let n = 0;
  while (n < max) {
    const a = zr * zr;
    const b = zi * zi;
    if (a + b > 4) break;
    zi = 2 * zr * zi + cy;
    zr = a - b + cx;
    n++;
  }
  return n;
}

/** Writes rows first..last-1 of the view, `out` beginning with row `first`. */
export function drawRows(out, first, last, view = VIEW) {
  const { width, left, top, step, maxIterations } = view;
  for (let y = first, at = 0; y < last; y++) {
    const cy = top + y * step;
    for (let x = 0; x < width; x++) out[at++] = escapeCount(left + x * step, cy, maxIterations);
  }
}
