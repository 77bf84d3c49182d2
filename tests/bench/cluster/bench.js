// What weft/cluster costs, on this machine and loopback: against BullMQ by hand, against one
// runtime, and for each part of the way; then a simulation of more machines with these costs.

import { fileURLToPath } from 'node:url';
import { connect, out, slices } from '../../../js-glue/src/cluster/index.js';
import { createRuntime } from '../../../js-glue/src/index.js';
import { runWithOptions } from '../command_line.js';
import { median } from '../stats.js';
import { openBare } from './bare.js';
import * as commandLine from './options.js';
import { Processes, cpuOf, redisVersion } from './processes.js';
import { simulate } from './simulate.js';

const WEFT = fileURLToPath(new URL('../../../js-glue/bin/weft.js', import.meta.url));
const BARE = fileURLToPath(new URL('bare_worker.js', import.meta.url));
const MIB = 1024 * 1024;

const IN_FLIGHT = 64;
const CONCURRENCY = 2;
const SMALL_CHUNKS = 2000;
const SIZE = 2048;
const BANDS = 64;
const STEPS = 1500;

const now = () => performance.now();
const show = (values, digits = 2) => `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}..${Math.max(...values).toFixed(digits)})`;

async function timed(action) {
  const begun = now();
  const result = await action();
  return { ms: now() - begun, result };
}

/** The bands of a Mandelbrot set, each a chunk. */
const bands = () => Array.from({ length: BANDS }, (_, i) => {
  const rows = SIZE / BANDS;
  const step = 3 / SIZE;
  return [out(Uint16Array, SIZE * rows), SIZE, rows, -2.2, -1.5 + i * rows * step, step, STEPS];
});

/** A worker with one thread. */
const workerOf = (processes, url, queue) => processes.node(WEFT,
  ['worker', '--redis', url, '--queue', queue, '--threads', '1', '--concurrency', String(CONCURRENCY), '--memory', '256M']);

/** weft/cluster and BullMQ by hand in turns, each with one worker and chunks that do next to nothing. */
async function measureOverhead(processes, redis, rounds) {
  const idle = await processes.node(BARE, [redis.url, 'idle', String(CONCURRENCY)]);
  const calls = await processes.node(BARE, [redis.url, 'calls', String(CONCURRENCY), 'weft_nqueens']);
  const worker = await workerOf(processes, redis.url, 'small');
  const [first, second] = [await openBare(redis.url, 'idle'), await openBare(redis.url, 'calls')];
  const cluster = await connect({ connection: redis.url, queue: 'small' });
  const chunks = Array.from({ length: SMALL_CHUNKS }, () => [1]);
  const ways = {
    idle: { pid: idle.pid, run: () => first.map(SMALL_CHUNKS, IN_FLIGHT) },
    calls: { pid: calls.pid, run: () => second.map(SMALL_CHUNKS, IN_FLIGHT) },
    alone: { pid: worker.pid, run: () => cluster.map('weft_nqueens', chunks, { inFlight: IN_FLIGHT, perJob: 1 }) },
    weft: { pid: worker.pid, run: () => cluster.map('weft_nqueens', chunks, { inFlight: IN_FLIGHT }) },
  };
  const costs = {};
  for (let round = -1; round < rounds; round++) { // the first warms up
    const order = Object.keys(ways);
    for (const name of round % 2 === 0 ? order : order.reverse()) {
      const { pid, run } = ways[name];
      const before = [cpuOf(process.pid), cpuOf(redis.pid), cpuOf(pid)];
      const { ms } = await timed(run);
      const after = [cpuOf(process.pid), cpuOf(redis.pid), cpuOf(pid)];
      if (round < 0) continue;
      const cell = costs[name] ??= { ms: [], caller: [], redis: [], worker: [] };
      cell.ms.push(ms / SMALL_CHUNKS);
      ['caller', 'redis', 'worker'].forEach((part, i) => cell[part].push((after[i] - before[i]) / SMALL_CHUNKS));
    }
  }
  await Promise.all([first.close(), second.close(), cluster.close()]);
  return costs;
}

/** The same pixels by one runtime on two threads, two workers of one thread, and two memories. */
async function measureWork(processes, redis, rounds) {
  const rt = await createRuntime({ threads: 2, memoryBytes: 256 * MIB });
  await workerOf(processes, redis.url, 'work');
  await workerOf(processes, redis.url, 'work');
  const cluster = await connect({ connection: redis.url, queue: 'work' });
  const local = await connect({ local: 2, threads: 1, memoryBytes: 256 * MIB });
  const wanted = new Uint16Array(SIZE * SIZE);
  const image = rt.array(Uint16Array, SIZE * SIZE);
  const ways = {
    runtime: async () => {
      await rt.call('weft_mandelbrot', image, SIZE, SIZE, -2.2, -1.5, 3 / SIZE, STEPS);
      return [rt.copy(image)];
    },
    local: async () => (await local.map('weft_mandelbrot', bands())).map(({ arrays: [pixels] }) => pixels),
    workers: async () => (await cluster.map('weft_mandelbrot', bands(), { inFlight: 8 })).map(({ arrays: [pixels] }) => pixels),
  };
  const times = { runtime: [], local: [], workers: [] };
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of Object.entries(ways)) {
      const { ms, result } = await timed(run);
      let at = 0;
      for (const part of result) {
        if (round === -2 && name === 'runtime') wanted.set(part, at);
        else if (Buffer.compare(Buffer.from(part.buffer, part.byteOffset, part.byteLength), Buffer.from(wanted.buffer, at * 2, part.byteLength)) !== 0) {
          throw new Error(`${name}: pixels from ${at} on differ`);
        }
        at += part.length;
      }
      if (round >= 0) times[name].push(ms);
    }
  }
  await Promise.all([cluster.close(), local.close(), rt.close()]);
  return times;
}

/** Bytes on their way to a kernel that only reads them. */
async function measureBytes(processes, redis, rounds) {
  await workerOf(processes, redis.url, 'bytes');
  const cluster = await connect({ connection: redis.url, queue: 'bytes' });
  const local = await connect({ local: 2, threads: 1, memoryBytes: 256 * MIB });
  const xs = new Float64Array(64 * MIB / 8).fill(1);
  const rates = { local: [], workers: [] };
  for (let round = -1; round < rounds; round++) {
    for (const [name, target] of Object.entries({ local, workers: cluster })) {
      const { ms, result } = await timed(() => target.reduce('weft_sum_f64', slices(xs, MIB / 8), (a, b) => a + b, { inFlight: 8 }));
      if (result !== xs.length) throw new Error(`${name}: the sum is ${result}`);
      if (round >= 0) rates[name].push(xs.byteLength / MIB / (ms / 1000));
    }
  }
  await Promise.all([cluster.close(), local.close()]);
  return rates;
}

function printSimulation({ alone }) { // its chunks are too long to share a job
  const costs = { callerMs: median(alone.caller), redisMs: median(alone.redis), workerMs: median(alone.worker), networkMs: 0.1 };
  console.log('\nA SIMULATION, with the CPU times of chunks with a job each and 0.1 ms for each way through the network: speed-up over');
  console.log('one machine that computes the same chunks by itself; 20 chunks for each machine\n');
  const machines = [1, 2, 4, 8, 16, 32, 64, 128];
  console.log(`${'a chunk computes for'.padEnd(22)}${machines.map((count) => `${count}`.padStart(8)).join('')}`);
  for (const taskMs of [1, 10, 100, 1000]) {
    const row = machines.map((count) => {
      const chunks = 20 * count;
      const took = simulate({ costs, machines: count, taskMs, chunks, inFlight: Math.max(IN_FLIGHT, 4 * count) });
      return (chunks * taskMs / took).toFixed(1).padStart(8);
    });
    console.log(`${`${taskMs} ms`.padEnd(22)}${row.join('')}`);
  }
}

async function main({ rounds }) {
  const processes = new Processes();
  try {
    const redis = await processes.redis();
    console.log(`Node ${process.version}, Redis ${redisVersion()}, loopback; median (least..most) of ${rounds} rounds in turns\n`);
    const costs = await measureOverhead(processes, redis, rounds);
    console.log(`A chunk that does next to nothing, ${SMALL_CHUNKS} of them, ${IN_FLIGHT} in flight, one worker, ms each`);
    console.log(`  ${''.padEnd(20)}${['in all', 'CPU of caller', 'CPU of Redis', 'CPU of worker'].map((head) => head.padStart(22)).join('')}`);
    for (const [name, title] of [['idle', 'BullMQ, empty jobs'], ['calls', 'BullMQ and rt.call'], ['alone', 'weft, a job each'], ['weft', 'weft/cluster']]) {
      const cell = costs[name];
      console.log(`  ${title.padEnd(20)}${[cell.ms, cell.caller, cell.redis, cell.worker].map((each) => show(each, 3).padStart(22)).join('')}`);
    }
    const ratio = (name, other) => show(costs[name].ms.map((ms, i) => ms / costs[other].ms[i]));
    console.log(`  against BullMQ and rt.call: weft/cluster ${ratio('weft', 'calls')}, with a job each ${ratio('alone', 'calls')};` +
      ` against empty jobs: ${ratio('weft', 'idle')}, ${ratio('alone', 'idle')}\n`);
    const work = await measureWork(processes, redis, rounds);
    console.log(`Mandelbrot, ${SIZE} x ${SIZE}, ${STEPS} steps, ${BANDS} chunks, the same pixels from all, ms`);
    console.log(`  one runtime, 2 threads    ${show(work.runtime, 0)}`);
    console.log(`  two memories, 1 thread    ${show(work.local, 0)}   ${(median(work.local) / median(work.runtime)).toFixed(2)}x`);
    console.log(`  two workers, 1 thread     ${show(work.workers, 0)}   ${(median(work.workers) / median(work.runtime)).toFixed(2)}x\n`);
    const bytes = await measureBytes(processes, redis, rounds);
    console.log('Bytes to a kernel that sums them, chunks of 1 MiB, MiB/s');
    console.log(`  two memories   ${show(bytes.local, 0)}`);
    console.log(`  one worker     ${show(bytes.workers, 0)}`);
    printSimulation(costs);
  } finally {
    await processes.close();
  }
}

runWithOptions(commandLine, main);
