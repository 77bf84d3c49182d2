import { heldBy } from './heap-rare.js';
/** Of a weft_worker_stats, in the order of its fields. */
const COUNTS = /** @type {const} */ (['jobs', 'tasksStolen', 'tasksOffered', 'stealsFailed', 'parks', 'wakes']);
const RECORD_BYTES = 8 * (COUNTS.length + 1);

/**
 * What one worker has done since the start.
 * @typedef {object} WorkerStats
 * @property {number} jobs  calls that it ran
 * @property {number} tasksStolen  tasks taken from other workers
 * @property {number} tasksOffered  tasks that others could take
 * @property {number} stealsFailed  rounds over the others that found nothing
 * @property {number} parks  sleeps
 * @property {number} wakes  sleeping workers that it woke
 * @property {number} idleMs  time asleep or looking for work
 *
 * @typedef {object} RuntimeStats
 * @property {object} calls
 * @property {number} calls.submitted  so far
 * @property {number} calls.pending  without an outcome
 * @property {number} calls.finished  ended well
 * @property {number} calls.failed
 * @property {number} calls.cancelled  ended by a signal, a time limit, or on request
 * @property {number} calls.open  that C has not given back: pending ones, and ended ones that
 *   have not stopped yet
 * @property {{ id: number, name: string, label: string }[]} jobs  pending or not stopped yet,
 *   of those made by rt.start or under rt.with
 * @property {WorkerStats[]} workers  those that stand in for sleeping ones come last
 * @property {object} memory
 * @property {number} memory.bytes  of the whole shared memory
 * @property {number} memory.held  bytes held by rt.array, rt.share and rt.alloc
 * @property {number} memory.arrays  how many of those there are
 */

/**
 * @param {import('./runtime.js').Core} core
 * @returns {WorkerStats[]}
 */
function readWorkers({ engine, view }) {
  const { find } = engine;
  const capacity = find('weft_js_stats')(0, 0);
  const address = find('weft_js_alloc')(RECORD_BYTES * capacity, 8) >>> 0;
  if (address === 0) return []; // no memory for it
  find('weft_js_stats')(address, capacity);
  const count = (/** @type {number} */ at) => Number(view.getBigUint64(at, true));
  const workers = Array.from({ length: capacity }, (_, index) => {
    const at = address + RECORD_BYTES * index;
    const stats = COUNTS.map((name, field) => [name, count(at + 8 * field)]);
    return { ...Object.fromEntries(stats), idleMs: count(at + 8 * COUNTS.length) / 1e6 };
  });
  find('weft_js_free')(address);
  return workers;
}

/**
 * @param {import('./runtime.js').Core} core
 * @returns {RuntimeStats}
 */
export function readStats(core) {
  const { jobs, heap, memory } = core;
  const { submitted, failed, cancelled } = jobs.counts;
  const pending = jobs.unsettled;
  const { count, bytes } = heldBy(heap.allocations);
  return {
    calls: { submitted, pending, finished: submitted - pending - failed - cancelled, failed, cancelled, open: jobs.open },
    jobs: jobs.owners().map(({ id, name, label }) => ({ id, name, label })),
    workers: readWorkers(core),
    memory: { bytes: memory.buffer.byteLength, held: bytes, arrays: count },
  };
}
