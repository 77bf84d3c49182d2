// A peer in a process of its own: answers each line on standard input with a line of JSON.
//
//     node host.js ID

import { createInterface } from 'node:readline';
import { VIEW, drawRows } from '../work/mandelbrot.js';
import { PEERS } from './peers.js';
import { percentile } from './percentile.js';

const BANDS = 64;
const now = () => Number(process.hrtime.bigint());
const peer = PEERS.find(({ id }) => id === process.argv[2]);
let pool;
let picture;

const check = (right, what) => {
  if (!right) throw new Error(`wrong result: ${what}`);
};

/** Samples of `step` until `ms` are over, at least one. */
async function sample(ms, step) {
  const samples = [];
  const end = now() + ms * 1e6;
  do {
    const begun = now();
    await step();
    samples.push(now() - begun);
  } while (now() < end);
  return samples.sort((a, b) => a - b);
}

async function latency(ms) {
  const samples = pool.runSync ? await sampleSync(Number(ms)) : await sample(Number(ms), () => pool.run('empty', []));
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
}

/** A call that does not wait must not be timed by a step that does. */
function sampleSync(ms) {
  const samples = [];
  for (const end = now() + ms * 1e6; now() < end;) {
    const begun = performance.now();
    pool.runSync();
    samples.push((performance.now() - begun) * 1e6);
  }
  return samples.sort((a, b) => a - b);
}

async function flight(count, ms) {
  const samples = await sample(Number(ms), async () => {
    if (pool.runSync) {
      for (let i = 0; i < count; i++) pool.runSync();
      return;
    }
    const calls = new Array(Number(count));
    for (let i = 0; i < count; i++) calls[i] = pool.run('empty', []);
    await Promise.all(calls);
  });
  return { perSecond: (count * 1e9) / percentile(samples, 0.5) };
}

/** How much more memory is resident after `jobs` jobs, garbage not counted. */
async function soak(jobs, count) {
  const some = async (left) => {
    for (; left > 0; left -= count) await Promise.all(Array.from({ length: Number(count) }, () => pool.run('empty', [])));
  };
  await some(jobs / 4); // until V8's heap has the size that it wants
  globalThis.gc();
  const before = process.memoryUsage().rss;
  await some(Number(jobs));
  globalThis.gc();
  return { grownMb: (process.memoryUsage().rss - before) / 2 ** 20 };
}

/** Doubles an array there and back; resolves to the doubled one. */
async function doubleOnce(mode, values) {
  if (mode === 'clone') return pool.run('doubled', [values]);
  if (mode === 'move') return pool.run('moved', [values], { transfer: [values.buffer] });
  await pool.run('double', [values]);
  return values;
}

async function payload(bytes, ms, mode) {
  const length = bytes / 8;
  const shared = mode === 'shared';
  let values = pool.array?.(Float64Array, length)
    ?? new Float64Array(shared ? new SharedArrayBuffer(Number(bytes)) : Number(length));
  for (let i = 0; i < length; i++) values[i] = i;
  let times = 0;
  const samples = await sample(Number(ms), async () => {
    values = await doubleOnce(mode, values);
    times++;
  });
  for (const i of [1, length >> 1, length - 1]) check(values[i] === i * 2 ** times, `${values[i]} at ${i}`);
  pool.rt?.free(values);
  values = undefined;
  globalThis.gc?.();
  return { ns: percentile(samples, 0.5) };
}

async function draw(counts) {
  if (pool.draw) return pool.draw(counts);
  const rows = VIEW.height / BANDS;
  const bands = peer.kind === 'serial' ? [[0, VIEW.height]] : Array.from({ length: BANDS }, (_, i) => [i * rows, (i + 1) * rows]);
  return Promise.all(bands.map(([first, last]) => pool.run('draw', [first, last, counts])));
}

async function loop() {
  picture ??= drawAll();
  const size = VIEW.width * VIEW.height;
  const counts = pool.array?.(Int32Array, size) ?? new Int32Array(new SharedArrayBuffer(4 * size));
  const begun = now();
  await draw(counts);
  const ns = now() - begun;
  check(Buffer.compare(Buffer.from(counts.slice().buffer), picture) === 0, 'another picture');
  pool.rt?.free(counts);
  return { ns };
}

function drawAll() {
  const counts = new Int32Array(VIEW.width * VIEW.height);
  drawRows(counts, 0, VIEW.height);
  return Buffer.from(counts.buffer);
}

const commands = {
  async start(threads) {
    const file = await import(`./peers/${peer.file}.js`);
    pool = await file[peer.open ?? 'open']({ threads: Number(threads) });
    return { says: peer.title };
  },
  latency,
  flight,
  payload,
  loop,
  soak,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.trim().split(' ');
  let answer;
  try {
    answer = await commands[name](...args);
  } catch (error) {
    answer = { error: `${error.code ?? error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(answer));
}
