/**
 * Blur and sort in JavaScript, cut into phases of pieces that do not depend on each other: the
 * same code on the page, in one worker, and in several on shared memory.
 *
 * @typedef {{ pieces: number, run: (piece: number) => void }} Phase
 *
 * @typedef {object} BlurData
 * @property {Uint8Array} pixels  RGBA; the result, too
 * @property {Uint8Array} spare  as long
 * @property {number} width  @property {number} height
 * @property {Uint32Array} weights  2 * radius + 1 of them; they add up to 65536
 *
 * @typedef {{ xs: Float64Array, spare: Float64Array }} SortData
 */

const BAND_ROWS = 8;
/** A power of 4: after an even number of merges the numbers are back in xs. */
const RUNS = 16;
const SLICES = 16;

/** @type {Record<string, (data: any) => Phase[]>} */
export const PHASES = { blur: blurPhases, sort: sortPhases };

/** A bell curve. @param {number} radius */
export function blurWeights(radius) {
  const curve = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-4.5 * ((i - radius) / radius) ** 2));
  const sum = curve.reduce((a, b) => a + b);
  const weights = Uint32Array.from(curve, (value) => Math.round((65536 * value) / sum));
  weights[radius] += 65536 - weights.reduce((a, b) => a + b);
  return weights;
}

/** @param {BlurData} data  @returns {Phase[]} */
function blurPhases({ pixels, spare, width, height, weights }) {
  const bands = Math.ceil(height / BAND_ROWS);
  const band = (/** @type {(y: number) => void} */ row) => ({
    pieces: bands,
    run: (/** @type {number} */ piece) => {
      for (let y = piece * BAND_ROWS; y < Math.min(height, (piece + 1) * BAND_ROWS); y++) row(y);
    },
  });
  return [
    band((y) => blurRow(pixels, spare, y, width, width, weights, 4, (x) => x, 4 * width * y)),
    band((y) => blurRow(spare, pixels, y, width, height, weights, 4 * width, () => y, 0)),
  ];
}

/**
 * One row. The neighbours of a pixel are `stride` bytes apart; it is number `place(x)` of
 * `count` along the blur, and those outside count as the last ones inside.
 */
function blurRow(/** @type {Uint8Array} */ from, /** @type {Uint8Array} */ to, /** @type {number} */ y, /** @type {number} */ width, /** @type {number} */ count, /** @type {Uint32Array} */ weights, /** @type {number} */ stride, /** @type {(x: number) => number} */ place, /** @type {number} */ base) {
  const radius = weights.length >> 1;
  for (let x = 0; x < width; x++) {
    const middle = place(x);
    const line = stride === 4 ? base : 4 * x;
    const inner = middle >= radius && middle + radius < count;
    let r = 32768;
    let g = 32768;
    let b = 32768;
    let a = 32768;
    let at = line + (middle - radius) * stride;
    for (let k = 0; k < weights.length; k++, at += stride) {
      const p = inner ? at : line + Math.min(count - 1, Math.max(0, middle + k - radius)) * stride;
      const weight = weights[k];
      r += from[p] * weight;
      g += from[p + 1] * weight;
      b += from[p + 2] * weight;
      a += from[p + 3] * weight;
    }
    const out = 4 * (y * width + x);
    to[out] = r >>> 16;
    to[out + 1] = g >>> 16;
    to[out + 2] = b >>> 16;
    to[out + 3] = a >>> 16;
  }
}

/** Sorted runs, merged two by two. @param {SortData} data  @returns {Phase[]} */
function sortPhases({ xs, spare }) {
  const bound = (/** @type {number} */ run, /** @type {number} */ runs) => Math.floor((xs.length * run) / runs);
  /** @type {Phase[]} */
  const phases = [{ pieces: RUNS, run: (i) => sortRun(xs.subarray(bound(i, RUNS), bound(i + 1, RUNS))) }];
  for (let runs = RUNS, from = xs, to = spare; runs > 1; runs /= 2, [from, to] = [to, from]) {
    const [source, target, perMerge] = [from, to, Math.max(1, (2 * SLICES) / runs)];
    phases.push({
      pieces: (runs / 2) * perMerge,
      run(i) {
        const merge = Math.floor(i / perMerge);
        const [a, b, end] = [0, 1, 2].map((run) => bound(2 * merge + run, runs));
        mergeSlice(source, target, a, b, end, i % perMerge, perMerge);
      },
    });
  }
  return phases;
}

/** Engines sort shared memory several times slower than their own. @param {Float64Array} run */
function sortRun(run) {
  if (run.buffer instanceof ArrayBuffer) run.sort();
  else run.set(run.slice().sort());
}

/** How many of the first `count` merged numbers come from the run a. */
function cutOf(/** @type {number} */ count, /** @type {Float64Array} */ xs, /** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ end) {
  let low = Math.max(0, count - (end - b));
  let high = Math.min(count, b - a);
  while (low < high) {
    const fromA = (low + high) >>> 1;
    if (xs[a + fromA] <= xs[b + count - fromA - 1]) low = fromA + 1;
    else high = fromA;
  }
  return low;
}

/** A slice of the merge of xs[a..b-1] and xs[b..end-1]. */
function mergeSlice(/** @type {Float64Array} */ xs, /** @type {Float64Array} */ out, /** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ end, /** @type {number} */ slice, /** @type {number} */ slices) {
  const first = Math.floor(((end - a) * slice) / slices);
  const last = Math.floor(((end - a) * (slice + 1)) / slices);
  let i = cutOf(first, xs, a, b, end);
  let j = first - i;
  const iEnd = a + cutOf(last, xs, a, b, end);
  const jEnd = b + last - (iEnd - a);
  i += a;
  j += b;
  let at = a + first;
  while (i < iEnd && j < jEnd) {
    const x = xs[i];
    const y = xs[j];
    const takeX = x <= y ? 1 : 0; // no branch to mispredict
    out[at++] = takeX ? x : y;
    i += takeX;
    j += 1 - takeX;
  }
  while (i < iEnd) out[at++] = xs[i++];
  while (j < jEnd) out[at++] = xs[j++];
}
