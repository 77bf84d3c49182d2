// Ten million doubles: making them, adding them up, merging sorted runs of them.

/** The mixer of MurmurHash3 (Appleby, public domain), as a generator on a counter. */
function mix32(x) {
  let h = Math.imul(x ^ (x >>> 16), 0x85EBCA6B);
  h = Math.imul(h ^ (h >>> 13), 0xC2B2AE35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Fills with multiples of 2^-53 in [0, 1) that depend on the index alone. */
export function fillNoise(xs, seed) {
  for (let i = 0; i < xs.length; i++) {
    const high = mix32(2 * i + seed) >>> 5;
    const low = mix32(2 * i + 1 + seed) >>> 6;
    xs[i] = (high * 2 ** 26 + low) / 2 ** 53;
  }
}

/** Adds up xs[first..last-1] in eight chains, so that no addition waits for the last. */
export function sum(xs, first, last) {
  let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
  let i = first;
  for (const end = last - 7; i < end; i += 8) {
    a += xs[i];
    b += xs[i + 1];
    c += xs[i + 2];
    d += xs[i + 3];
    e += xs[i + 4];
    f += xs[i + 5];
    g += xs[i + 6];
    h += xs[i + 7];
  }
  for (; i < last; i++) a += xs[i];
  return a + b + (c + d) + (e + f + (g + h));
}

/** The exact sum, rounded once. Right for up to 2^26 multiples of 2^-53 in [0, 1). */
export function exactSum(xs) {
  let high = 0; // both stay integers below 2^53
  let low = 0;
  for (let i = 0; i < xs.length; i++) {
    const scaled = xs[i] * 2 ** 27;
    const whole = Math.floor(scaled);
    high += whole;
    low += (scaled - whole) * 2 ** 26;
  }
  const total = BigInt(high) * 2n ** 26n + BigInt(low);
  return Number(total) / 2 ** 53; // Number() rounds once, the division is exact
}

/**
 * How many of the first `count` merged values come from the run a: the cut that lets
 * slices of one merge be done apart. Equal values come from a first.
 */
function cutOf(count, xs, a, aEnd, b, bEnd) {
  let low = Math.max(0, count - (bEnd - b));
  let high = Math.min(count, aEnd - a);
  while (low < high) {
    const fromA = (low + high) >>> 1;
    if (xs[a + fromA] <= xs[b + count - fromA - 1]) low = fromA + 1;
    else high = fromA;
  }
  return low;
}

/** Merges slice `index` of `slices` of the runs xs[a..aEnd-1] and xs[aEnd..bEnd-1]. */
export function mergeSlice(xs, out, a, aEnd, bEnd, index, slices) {
  const count = bEnd - a;
  const first = Math.floor((count * index) / slices);
  const last = Math.floor((count * (index + 1)) / slices);
  const skipped = cutOf(first, xs, a, aEnd, aEnd, bEnd);
  const taken = cutOf(last, xs, a, aEnd, aEnd, bEnd);
  mergeRuns(xs, a + skipped, a + taken, xs, aEnd + first - skipped, aEnd + last - taken,
    out, a + first);
}

/** Merges as[a..aEnd-1] and bs[b..bEnd-1] into out[at..]. */
function mergeRuns(as, a, aEnd, bs, b, bEnd, out, at) {
  while (a < aEnd && b < bEnd) {
    const x = as[a];
    const y = bs[b];
    // Two selections instead of a branch that would be mispredicted half of the time.
    const takeA = x <= y ? 1 : 0;
    out[at++] = takeA ? x : y;
    a += takeA;
    b += 1 - takeA;
  }
  while (a < aEnd) out[at++] = as[a++];
  while (b < bEnd) out[at++] = bs[b++];
}

/** Merges sorted arrays, pair by pair, into one. */
export function mergeAll(runs) {
  while (runs.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < runs.length; i += 2) {
      const [as, bs] = [runs[i], runs[i + 1]];
      const out = new Float64Array(as.length + bs.length);
      mergeRuns(as, 0, as.length, bs, 0, bs.length, out, 0);
      next.push(out);
    }
    if (runs.length % 2) next.push(runs[runs.length - 1]);
    runs = next;
  }
  return runs[0];
}

/** Bounds of `parts` runs of nearly equal length: parts + 1 indices. */
export function runBounds(count, parts) {
  return Array.from({ length: parts + 1 }, (_, i) => Math.floor((count * i) / parts));
}
