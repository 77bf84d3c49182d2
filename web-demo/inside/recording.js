/**
 * What the workers did during some pictures, from the runtime's own records: each tile says who
 * drew it and when (written by the worker, in shared memory), rt.stats() counts steals and sleeps.
 */
import { Picture } from '../explore/canvas.js';
import { paletteOf } from '../explore/palette.js';

/** How often the counters are read. */
const SAMPLE_MS = 4;
const NOW = () => performance.timeOrigin + performance.now();

/** @typedef {{ worker: number, job: number, index: number, begunMs: number, endedMs: number }} Tile */
/** @typedef {{ job: number, calledMs: number, begunMs: number, endedMs: number, settledMs: number }} Job  times in ms, one clock for all threads */
/** @typedef {import('../weft/browser.js').Runtime} Runtime */
/** @typedef {{ atMs: number, workers: any[] }} Sample */

/**
 * @typedef {object} Recording
 * @property {string} title
 * @property {number} beginMs  @property {number} endMs
 * @property {Tile[]} tiles  @property {Job[]} jobs  @property {Sample[]} samples
 * @property {{ tilesDrawn: number, busyMs: number, [count: string]: number }[]} workers  sums over the recording
 * @property {boolean} alone  the page drew itself
 */

/** @type {Record<string, { title: string, pictures: number, width: number, height: number, together: boolean }>} */
export const LOADS = {
  one: { title: 'one large picture', pictures: 1, width: 1280, height: 800, together: false },
  row: { title: 'twelve pictures, one after the other', pictures: 12, width: 320, height: 256, together: false },
  many: { title: 'forty small pictures, all called at once', pictures: 40, width: 128, height: 128, together: true },
};

/** @param {keyof typeof LOADS} load  @param {number} job  @returns {import('../explore/canvas.js').Scene} */
function sceneOf(load, job) {
  const { width, height } = LOADS[load];
  const step = 2.6 / width / (1 + job / 6);
  return {
    width, height, step, iterations: 3000, julia: false, seedRe: 0, seedIm: 0, colours: 52,
    left: -0.6 - (width / 2) * step - 0.15 * (1 - 1 / (1 + job)), top: -(height / 2) * step,
  };
}

/**
 * @param {Runtime} rt  @param {keyof typeof LOADS} load  @param {AbortSignal} signal
 * @returns {Promise<Recording>}
 */
export async function record(rt, load, signal) {
  const { title, pictures: count, width, height, together } = LOADS[load];
  const pictures = Array.from({ length: together ? count : 1 }, () => new Picture(rt, width * height));
  for (const picture of pictures) picture.palette.set(paletteOf('loom'));
  /** @type {Sample[]} */
  const samples = [];
  const sample = () => samples.push({ atMs: NOW(), workers: rt.stats().workers });
  /** @type {Tile[]} */
  const tiles = [];
  /** @type {Job[]} */
  const jobs = [];
  const draw = async (/** @type {number} */ job) => {
    const picture = pictures[job % pictures.length];
    picture.prepare(sceneOf(load, job));
    const calledMs = NOW();
    await picture.pass(1, signal);
    jobs.push({ job, calledMs, ...picture.times, settledMs: NOW() });
    for (let index = 0; index < picture.count; index++) {
      tiles.push({ worker: picture.workerOf(index), job, index, ...picture.tileTimes(index) });
    }
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    if (together) await Promise.all(Array.from({ length: count }, (_, job) => draw(job)));
    else for (let job = 0; job < count; job++) await draw(job);
  } finally {
    clearInterval(timer);
    freeSoon(pictures);
  }
  sample();
  return {
    title, tiles, jobs, samples, alone: rt.info.threads === 0,
    beginMs: Math.min(...jobs.map(({ calledMs }) => calledMs)),
    endMs: Math.max(...jobs.map(({ settledMs }) => settledMs)),
    workers: sumUp(tiles, samples),
  };
}

/** A cancelled job may go on for some rows of a tile. @param {Picture[]} pictures */
function freeSoon(pictures) {
  if (pictures.some(({ running }) => running)) setTimeout(() => freeSoon(pictures), 20);
  else for (const picture of pictures) {
    try {
      picture.free();
    } catch {
      setTimeout(() => freeSoon([picture]), 20);
    }
  }
}

/** @param {Tile[]} tiles  @param {Sample[]} samples */
function sumUp(tiles, samples) {
  const [first, last] = [samples[0].workers, samples[samples.length - 1].workers];
  return last.map((/** @type {any} */ stats, /** @type {number} */ worker) => {
    const own = tiles.filter((tile) => tile.worker === worker);
    const grown = Object.keys(stats).map((name) => [name, stats[name] - (first[worker]?.[name] ?? 0)]);
    return {
      ...Object.fromEntries(grown),
      tilesDrawn: own.length,
      busyMs: own.reduce((sum, { begunMs, endedMs }) => sum + endedMs - begunMs, 0),
    };
  });
}

/** As Trace Event JSON, which Perfetto and chrome://tracing open. @param {Recording} recording */
export function traceOf({ tiles, jobs, samples, beginMs, title, alone }) {
  const us = (/** @type {number} */ ms) => Math.max(0, Math.round((ms - beginMs) * 1000));
  const name = (/** @type {number} */ tid, /** @type {string} */ text) => ({ ph: 'M', pid: 1, tid, name: 'thread_name', args: { name: text } });
  const workers = samples[samples.length - 1].workers;
  const grown = (/** @type {Sample} */ sample, /** @type {number} */ worker, /** @type {string} */ count) => sample.workers[worker][count] - (samples[0].workers[worker]?.[count] ?? 0);
  const curve = (/** @type {string} */ text, /** @type {string} */ count) => samples.flatMap((sample) => sample.workers.map((_, worker) => (
    { ph: 'C', pid: 1, tid: 0, name: `worker ${worker}: ${text} (sampled)`, ts: us(sample.atMs), args: { [text]: grown(sample, worker, count) } })));
  const events = [
    { ph: 'M', pid: 1, tid: 0, name: 'process_name', args: { name: `weft: ${title}` } },
    name(0, 'calls'),
    ...workers.map((/** @type {any} */ _, /** @type {number} */ i) => name(i + 1, alone ? 'the page' : `worker ${i}`)),
    ...apart(tiles, us).map(({ worker, job, index, ts, dur }) => (
      { ph: 'X', pid: 1, tid: worker + 1, cat: 'tile', name: `picture ${job}, tile ${index}`, ts, dur, args: { job, tile: index } })),
    ...jobs.flatMap(({ job, calledMs, settledMs }) => [
      { ph: 'b', pid: 1, tid: 0, cat: 'call', id: job, name: `rt.call: picture ${job}`, ts: us(calledMs) },
      { ph: 'e', pid: 1, tid: 0, cat: 'call', id: job, name: `rt.call: picture ${job}`, ts: us(settledMs) }]),
    ...curve('tasks stolen', 'tasksStolen'),
    ...curve('sleeps', 'parks'),
  ];
  return { displayTimeUnit: 'ms', traceEvents: events };
}

/**
 * Tiles in microseconds; those of a worker follow each other, however coarse the clock is: readers
 * drop what overlaps on a thread and does not nest.
 *
 * @param {Tile[]} tiles  @param {(ms: number) => number} us
 */
function apart(tiles, us) {
  /** @type {Map<number, number>} */
  const ends = new Map();
  return tiles.filter(({ worker }) => worker >= 0).sort((a, b) => a.begunMs - b.begunMs || a.endedMs - b.endedMs).map((tile) => {
    const ts = Math.max(us(tile.begunMs), ends.get(tile.worker) ?? 0);
    const dur = Math.max(1, us(tile.endedMs) - ts);
    ends.set(tile.worker, ts + dur);
    return { ...tile, ts, dur };
  });
}
