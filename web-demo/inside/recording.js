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
  const us = (/** @type {number} */ ms) => Math.round((ms - beginMs) * 1000);
  const name = (/** @type {number} */ tid, /** @type {string} */ text) => ({ ph: 'M', pid: 1, tid, name: 'thread_name', args: { name: text } });
  const workers = samples[samples.length - 1].workers;
  const events = [
    { ph: 'M', pid: 1, name: 'process_name', args: { name: `weft: ${title}` } },
    ...workers.map((/** @type {any} */ _, /** @type {number} */ i) => name(i + 1, alone ? 'the page' : `worker ${i}`)),
    ...tiles.map(({ worker, job, index, begunMs, endedMs }) => (
      { ph: 'X', pid: 1, tid: worker + 1, cat: 'tile', name: `picture ${job}, tile ${index}`, ts: us(begunMs), dur: Math.max(1, us(endedMs) - us(begunMs)), args: { job, tile: index } })),
    ...jobs.flatMap(({ job, calledMs, settledMs }) => [
      { ph: 'b', pid: 1, tid: 0, cat: 'call', id: job, name: `rt.call: picture ${job}`, ts: us(calledMs) },
      { ph: 'e', pid: 1, tid: 0, cat: 'call', id: job, name: `rt.call: picture ${job}`, ts: us(settledMs) }]),
    ...samples.flatMap(({ atMs, workers: counts }) => counts.flatMap((/** @type {any} */ stats, /** @type {number} */ worker) => [
      { ph: 'C', pid: 1, name: `worker ${worker}: stolen`, ts: us(atMs), args: { tasks: stats.tasksStolen - (samples[0].workers[worker]?.tasksStolen ?? 0) } },
      { ph: 'C', pid: 1, name: `worker ${worker}: sleeps`, ts: us(atMs), args: { parks: stats.parks - (samples[0].workers[worker]?.parks ?? 0) } }])),
  ];
  return { displayTimeUnit: 'ms', traceEvents: events };
}
