import { cpus } from 'node:os';
import { createRuntime } from '../src/index.js';
import { UsageError, readOptions, table } from './output.js';

const HELP = `Usage: weft bench [options]

Runs stock kernels on one thread and on all, beside plain JavaScript where that is a few lines:
medians, after warming up, the three taking turns.

  --threads N  instead of as many as this process may use
  --runs N     of each; default 7
  --json`;

const WARM_UP = 2;

/** @typedef {import('../src/runtime.js').Runtime} Runtime */
/**
 * @typedef {object} Work
 * @property {string} name
 * @property {(rt: Runtime) => { reset?: () => void, run: () => Promise<unknown> }} weft
 * @property {() => { reset?: () => void, run: () => unknown }} [js]
 */

const COUNT = 4_000_000;

/** @param {{ [index: number]: number, length: number }} xs  fills with noise in [0, 1) */
function fillNoise(xs) {
  let state = 1;
  for (let i = 0; i < xs.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5 | 0;
    xs[i] = ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  }
}

const SIDE = 512;
const STEPS = 256;
const VIEW = /** @type {const} */ ([-2, -1.25, 2.5 / SIDE]);

/** @param {Uint16Array} out */
function mandelbrot(out) {
  const [left, top, step] = VIEW;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let zr = 0;
      let zi = 0;
      let n = 0;
      for (; n < STEPS && !(zr * zr + zi * zi > 4); n++) {
        const next = zr * zr - zi * zi + (left + x * step);
        zi = 2 * zr * zi + (top + y * step);
        zr = next;
      }
      out[y * SIDE + x] = n;
    }
  }
}

/** @type {Work[]} */
const WORKS = [
  {
    name: 'sum, 4 M doubles',
    weft: (rt) => {
      const xs = rt.array(Float64Array, COUNT);
      fillNoise(xs);
      return { run: () => rt.sum(xs) };
    },
    js: () => {
      const xs = new Float64Array(COUNT);
      fillNoise(xs);
      return { run: () => {
        let sum = 0;
        for (let i = 0; i < xs.length; i++) sum += xs[i];
        return sum;
      } };
    },
  },
  {
    name: 'sort, 4 M doubles',
    weft: (rt) => {
      const [noise, xs] = [rt.array(Float64Array, COUNT), rt.array(Float64Array, COUNT)];
      fillNoise(noise);
      return { reset: () => xs.set(noise), run: () => rt.sort(xs) };
    },
    js: () => {
      const [noise, xs] = [new Float64Array(COUNT), new Float64Array(COUNT)];
      fillNoise(noise);
      return { reset: () => xs.set(noise), run: () => xs.sort() };
    },
  },
  {
    name: 'histogram, 4 M doubles',
    weft: (rt) => {
      const xs = rt.array(Float64Array, COUNT);
      fillNoise(xs);
      return { run: () => rt.histogram(xs, { bins: 256, min: 0, max: 1 }) };
    },
    js: () => {
      const xs = new Float64Array(COUNT);
      fillNoise(xs);
      return { run: () => {
        const counts = new Uint32Array(256);
        for (let i = 0; i < xs.length; i++) counts[(xs[i] * 256) | 0]++;
        return counts;
      } };
    },
  },
  {
    name: 'BLAKE3, 32 MiB',
    weft: (rt) => {
      const bytes = rt.array(Uint8Array, 32 * 2 ** 20).fill(7);
      return { run: () => rt.hash(bytes) };
    },
  },
  {
    name: 'mandelbrot, 512 x 512 x 256',
    weft: (rt) => {
      const out = rt.array(Uint16Array, SIDE * SIDE);
      return { run: () => rt.call('weft_mandelbrot', out, SIDE, SIDE, ...VIEW, STEPS) };
    },
    js: () => {
      const out = new Uint16Array(SIDE * SIDE);
      return { run: () => mandelbrot(out) };
    },
  },
];

/** @param {number[]} times */
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** @param {({ reset?: () => void, run: () => unknown } | undefined)[]} sides  @param {number} runs */
async function measure(sides, runs) {
  /** @type {number[][]} */
  const times = sides.map(() => []);
  for (let round = 0; round < WARM_UP + runs; round++) {
    for (const [index, side] of sides.entries()) {
      if (!side) continue;
      side.reset?.();
      const start = performance.now();
      await side.run();
      if (round >= WARM_UP) times[index].push(performance.now() - start);
    }
  }
  return times.map((all) => (all.length > 0 ? median(all) : undefined));
}

/** @param {string} option  @param {string | undefined} text  @param {number} most */
function count(option, text, most) {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    throw new UsageError(`--${option} must be a number from 1 to ${most}, got ${text}`);
  }
  return number;
}

/** @param {number | undefined} ms */
const show = (ms) => (ms === undefined ? '-' : ms < 10 ? ms.toFixed(2) : ms.toFixed(1));

/** @param {string[]} args  @returns {Promise<number>} the exit code */
export async function run(args) {
  const parsed = readOptions(args,
    { json: { type: 'boolean' }, threads: { type: 'string' }, runs: { type: 'string' } }, HELP);
  if (!parsed) return 0;
  const threads = count('threads', parsed.values.threads, 128);
  const runs = count('runs', parsed.values.runs, 1000) ?? 7;
  const results = [];
  const one = await createRuntime({ threads: 1 });
  const all = await createRuntime({ threads });
  for (const { name, weft, js } of WORKS) {
    const [jsMs, oneMs, allMs] = await measure([js?.(), weft(one), weft(all)], runs);
    results.push({ name, jsMs, oneMs: /** @type {number} */ (oneMs), allMs: /** @type {number} */ (allMs) });
  }
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cpus: all.info.cpus, threads: all.info.threads, node: process.version };
  await Promise.all([one.close(), all.close()]);
  if (parsed.values.json) {
    console.log(JSON.stringify({ machine, runs, results }, null, 2));
    return 0;
  }
  const rows = results.map(({ name, jsMs, oneMs, allMs }) => [name, show(jsMs), show(oneMs), show(allMs),
    `${(oneMs / allMs).toFixed(2)}x`, jsMs === undefined ? '-' : `${(jsMs / allMs).toFixed(1)}x`]);
  console.log(`${machine.cpu}, ${machine.cpus} CPUs, Node ${machine.node}; ms, medians of ${runs}\n`);
  console.log(table([['', 'JavaScript', 'weft, 1 thread', `${machine.threads} threads`, 'on all', 'over JavaScript'], ...rows]));
  console.log('\nJavaScript is what one writes first, on one thread. "on all": one thread against all.');
  return 0;
}
