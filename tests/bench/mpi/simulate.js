// A SIMULATION of weft_mpi_for (src/mpi/loop.c) on clusters that nobody here has: the algorithm
// with every claim of work, but with task and message costs as numbers. It knows no network
// congestion, no noise of an operating system and no cost of the results' way home.

/**
 * @typedef {object} Costs  all in microseconds
 * @property {number} homeUs  a claim of a rank's own units
 * @property {number} claimUs  a claim of another rank's units, there and back, uncontended
 * @property {number} serveUs  how long a target is busy with one claim; others queue behind it
 * @property {number} meetUs  one step of an agreement; there are 2 log2(ranks) of them, twice
 * @property {number} wakeUs  from the call to the first slice of work
 */

// As in loop.c.
const UNITS_PER_RANK = 1024;
const PART = 16;
const FIRST_PART = 64;
const REFUSALS_MOST = 16;
const UNKNOWN = -1;

/** Ranks look at others in steps of so many, which reaches all of them. */
function strideOf(ranks) {
  const common = (a, b) => (b === 0 ? a : common(b, a % b));
  let stride = Math.floor(ranks * 5 / 8);
  while (stride > 1 && common(stride, ranks) !== 1) stride--;
  return Math.max(stride, 1);
}

/** A queue of numbers with values, smallest number first. */
function createHeap() {
  /** @type {[number, number][]} */
  const heap = [];
  const swap = (a, b) => { [heap[a], heap[b]] = [heap[b], heap[a]]; };
  return {
    get size() { return heap.length; },
    push(time, value) {
      let at = heap.push([time, value]) - 1;
      for (; at > 0 && heap[(at - 1) >> 1][0] > heap[at][0]; at = (at - 1) >> 1) swap(at, (at - 1) >> 1);
    },
    pop() {
      const top = heap[0];
      const last = heap.pop();
      if (heap.length > 0) {
        heap[0] = last;
        for (let at = 0; ;) {
          const left = 2 * at + 1;
          const least = left + 1 < heap.length && heap[left + 1][0] < heap[left][0] ? left + 1 : left;
          if (left >= heap.length || heap[least][0] >= heap[at][0]) break;
          swap(at, least);
          at = least;
        }
      }
      return top;
    },
  };
}

/**
 * One loop over `indexUs.length` indices.
 *
 * @param {number[]} indexUs  what each index costs
 * @param {number} ranks  with one thread each
 * @param {Costs} costs
 * @returns {{ us: number, efficiency: number, claims: number }}
 */
export function simulateLoop(indexUs, ranks, costs) {
  const count = indexUs.length;
  const pieces = ranks * UNITS_PER_RANK;
  const unit = Math.ceil(count / pieces);
  const units = Math.ceil(count / unit);
  const before = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) before[i + 1] = before[i] + indexUs[i];
  const begin = (rank) => Math.floor(units / ranks) * rank + Math.min(rank, units % ranks);

  const next = new Float64Array(ranks);
  const busyUntil = new Float64Array(ranks);
  const stride = strideOf(ranks);
  const state = Array.from({ length: ranks }, (_, rank) =>
    ({ offset: 0, left: begin(rank + 1) - begin(rank), refusals: 0, ends: 0 }));
  const events = createHeap();
  let claims = 0;
  let end = 0;
  for (let rank = 0; rank < ranks; rank++) events.push(costs.wakeUs, rank);

  while (events.size > 0) {
    const [now, rank] = events.pop();
    const self = state[rank];
    const target = (rank + self.offset * stride) % ranks;
    const total = begin(target + 1) - begin(target);
    const amount = Math.max(Math.floor((self.left === UNKNOWN ? total / FIRST_PART : self.left / PART)), 1);
    const arrives = now + (self.offset === 0 ? costs.homeUs : costs.claimUs) / 2;
    const served = Math.max(arrives, busyUntil[target]) + costs.serveUs;
    busyUntil[target] = served;
    const back = served + (self.offset === 0 ? costs.homeUs : costs.claimUs) / 2;
    claims++;
    const old = next[target];
    next[target] += amount;
    if (old >= total) {
      self.left = UNKNOWN;
      self.refusals++;
      if (++self.offset < ranks && self.refusals <= REFUSALS_MOST) events.push(back, rank);
      else end = Math.max(end, back, self.ends);
      continue;
    }
    const got = Math.min(amount, total - old);
    self.left = total - old - got;
    self.refusals = 0;
    const first = (begin(target) + old) * unit;
    const last = Math.min((begin(target) + old + got) * unit, count);
    // It asks ahead while plenty is left, so then a claim costs no time of the work.
    const starts = Math.max(self.ends, self.left > 4 ? Math.min(back, now) : back);
    self.ends = starts + before[last] - before[first];
    events.push(Math.max(self.ends, back), rank);
  }
  const us = end + 2 * 2 * Math.ceil(Math.log2(Math.max(ranks, 2))) * costs.meetUs;
  return { us, efficiency: before[count] / ranks / us, claims };
}
