// The figures of weft in browsers. See --help. start.js sets up and builds before it calls this.

import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { createRuntime } from '../../../js-glue/dist/index.js';
import { IMAGE } from '../../web/pages/measure.js';
import { startServer } from '../../web/server.js';
import { launch, missing } from '../../web/support.js';
import { runWithOptions } from '../command_line.js';
import { describeMachine } from '../machine.js';
import { median } from '../stats.js';
import { digestOf, hashLargeFile, makeLargeFile, residentBytes } from './memory.js';
import * as commandLine from './options.js';

const DEMO = fileURLToPath(new URL('../../../build/demo', import.meta.url));
const BUSY_MS = 10_000;
const LOADS = 7;
const ROUNDS = 5;
const CALLS = 200;
const CALLS_AFTER_PAUSE = 40;
const FILE_MIB = 256;
const LOOK_MS = 50;
const MIB = 2 ** 20;

const round = (value, digits = 1) => Number(value.toFixed(digits));
const summary = (values) => ({ median: round(median(values), 2), min: round(Math.min(...values), 2), max: round(Math.max(...values), 2), n: values.length });
const spread = ({ median: middle, min, max, n }, unit) => `${middle} ${unit} (${min} to ${max}, ${n} runs)`;

/** Weft's own image, on one thread of Node. @returns {Promise<number[]>}  milliseconds */
async function imageInNode() {
  const rt = await createRuntime({ threads: 1, memoryBytes: 64 * MIB });
  const { width, height, left, top, step, limit } = IMAGE;
  const image = rt.array(Uint16Array, width * height);
  const times = [];
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    await rt.call('weft_mandelbrot', image, width, height, left, top, step, limit);
    times.push(performance.now() - start);
  }
  await rt.close();
  return times.slice(3);
}

/** The demo's bytes with brotli, of all that its folder holds. */
function demoBytes() {
  return readdirSync(DEMO, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + brotliCompressSync(readFileSync(path.join(entry.parentPath ?? entry.path, entry.name))).length, 0);
}

/** A file of bytes that no two blocks have alike, and its digest by b3sum. */
function makeFile(folder) {
  const file = path.join(folder, 'large.bin');
  const words = new Uint32Array(MIB / 4);
  const handle = openSync(file, 'w');
  for (let block = 0, state = 1; block < FILE_MIB; block++) {
    for (let i = 0; i < words.length; i++) words[i] = state = Math.imul(state, 1664525) + 1013904223 | 0;
    words[0] = block;
    writeSync(handle, new Uint8Array(words.buffer));
  }
  closeSync(handle);
  return { file, digest: digestOf(file) };
}

const pageScenes = async (page, name, ...args) => {
  const { value, error } = await page.evaluate((scene, list) => globalThis.run(scene, ...list), name, args);
  if (error) throw new Error(error.message);
  return value;
};

/** From the start of navigation to the first tiles on the canvas, with nothing in the cache. */
async function firstPixels(browser, server) {
  const times = [];
  for (let i = 0; i < LOADS; i++) {
    const page = await browser.newPage();
    await page.goto(server.at('isolated', 'built/demo/index.html'));
    await page.waitForFunction(() => performance.getEntriesByName('weft: first pixels').length > 0, { timeout: 30_000 });
    times.push(await page.evaluate(() => performance.getEntriesByName('weft: first pixels')[0].startTime));
    await page.close();
  }
  return summary(times.slice(1)); // the first one starts the browser's own processes
}

/** A file chosen in the demo's race: only weft's rungs matter, the digest is that of all. */
async function hashFile(browser, server, { file, digest }) {
  const page = await browser.newPage();
  await page.goto(server.at('isolated', 'built/demo/index.html#race'));
  await page.waitForSelector('#race[data-open]');
  await page.$eval('#work-hash', (input) => input.click());
  await (await page.$('#file')).uploadFile(file);
  await page.waitForFunction(() => document.querySelector('#race-message').textContent.includes('large.bin'));
  const root = browser.process().pid;
  const before = residentBytes(root);
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, residentBytes(root)); }, LOOK_MS);
  await page.click('#race-start');
  await page.waitForFunction(() => ['done', 'failed'].includes(document.body.dataset.race), { timeout: 120_000 });
  clearInterval(timer);
  await page.click('#race-copy');
  const found = await page.$eval('#digest', (element) => element.textContent);
  const table = await page.$eval('#race-text', (box) => box.value);
  await page.close();
  return { digest: found, equal: digest === undefined ? 'no b3sum here' : found === digest, growthMiB: Math.round((most - before) / MIB), table };
}

/** @param {string} engine  @param {{ file: string, digest?: string }} input */
async function measure(engine, input, nodeTimes) {
  const server = await startServer();
  const browser = await launch(engine);
  try {
    const page = await browser.newPage();
    await page.goto(server.at('isolated', 'tests/web/pages/page.html'));
    await page.waitForFunction(() => document.querySelector('#state').textContent === 'ready');
    const threads = await page.evaluate(() => navigator.hardwareConcurrency);
    const gap = await pageScenes(page, 'gap', threads, BUSY_MS);
    const images = [];
    for (let i = 0; i < ROUNDS; i++) images.push(await pageScenes(page, 'mandelbrot', threads));
    const latencies = [];
    for (let i = 0; i < ROUNDS; i++) latencies.push(await pageScenes(page, 'latency', CALLS));
    const rested = [];
    for (let i = 0; i < ROUNDS; i++) rested.push(await pageScenes(page, 'latencyAfterPause', CALLS_AFTER_PAUSE));
    await page.close();
    const one = images.map((image) => median(image[1].times));
    const all = images.map((image) => median(image[threads].times));
    return {
      version: await browser.version(),
      threads,
      longestGapMs: round(gap.longest),
      frames: gap.frames,
      longTasks: gap.longTasks?.length ?? null,
      mandelbrotOneMs: summary(one),
      mandelbrotAllMs: summary(all),
      mandelbrotSpeedUp: summary(one.map((ms, i) => ms / all[i])),
      timesNode: summary(one.map((ms) => ms / median(nodeTimes))),
      firstPixelsMs: await firstPixels(browser, server),
      callUs: summary(latencies.map(({ call }) => call.p50)),
      bareUs: summary(latencies.map(({ bare }) => bare.p50)),
      callTimesBare: summary(latencies.map(({ call, bare }) => call.p50 / bare.p50)),
      afterPause: {
        slept: Math.min(...rested.map(({ slept }) => slept)),
        callUs: summary(rested.map(({ call }) => call.p50)),
        bareUs: summary(rested.map(({ bare }) => bare.p50)),
        messageUs: summary(rested.map(({ message }) => message.p50)),
        callTimesBare: summary(rested.map(({ call, bare }) => call.p50 / bare.p50)),
      },
      file: await hashFile(browser, server, input),
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

function show(engine, of) {
  const row = (what, value) => console.log(`  ${what.padEnd(44)}${value}`);
  console.log(`\n${engine}: ${of.version}, ${of.threads} workers`);
  row(`longest gap of ${BUSY_MS / 1000} s, every worker busy`, `${of.longestGapMs} ms, ${of.frames} frames, long tasks: ${of.longTasks ?? 'not known here'}`);
  row('mandelbrot, one thread', spread(of.mandelbrotOneMs, 'ms'));
  row(`mandelbrot, ${of.threads} threads`, `${spread(of.mandelbrotAllMs, 'ms')}: ${spread(of.mandelbrotSpeedUp, 'x')}`);
  row('one thread, in units of Node\'s time', spread(of.timesNode, 'x'));
  row('navigation to first pixels of the demo', spread(of.firstPixelsMs, 'ms'));
  row('rt.call, p50', spread(of.callUs, 'us'));
  row('notify + waitAsync alone, p50', `${spread(of.bareUs, 'us')}: ${spread(of.callTimesBare, 'x')}`);
  row('after a pause, worker asleep: rt.call, p50', spread(of.afterPause.callUs, 'us'));
  row('  notify + waitAsync alone, p50', `${spread(of.afterPause.bareUs, 'us')}: ${spread(of.afterPause.callTimesBare, 'x')}`);
  row('  postMessage there and back, p50', spread(of.afterPause.messageUs, 'us'));
  row(`BLAKE3 of a file of ${FILE_MIB} MiB in the race`, `as b3sum: ${of.file.equal}; memory of the browser grew by ${of.file.growthMiB} MiB`);
  console.log(of.file.table.split('\n').map((line) => `    ${line}`).join('\n'));
}

function showMemory(engine, of) {
  console.log(`\n${engine}: rt.hash of a file of ${of.fileMiB} MiB, ${of.seconds.toFixed(1)} s, as b3sum: ${of.equal}; ${of.samples} looks`);
  console.log('  memory of the browser over what it held before, the most in each part of the file:');
  console.log(`  up to MiB ${of.curve.map(({ upToMiB }) => String(upToMiB).padStart(6)).join('')}`);
  console.log(`  grown, MiB${of.curve.map(({ residentMiB }) => String(residentMiB).padStart(6)).join('')}`);
  if ('heapMiB' in of.curve[0]) console.log(`  JS heap   ${of.curve.map(({ heapMiB }) => String(heapMiB).padStart(6)).join('')}`);
  console.log(`  first half ${of.firstHalfMiB} MiB, last half ${of.lastHalfMiB} MiB; the shared memory has ${of.sharedMemoryMiB} MiB and never grows`);
}

/** @param {string} engine  @param {{ file: string, digest?: string }} input */
async function measureMemory(engine, input) {
  const server = await startServer();
  const browser = await launch(engine);
  try {
    return await hashLargeFile(browser, server.at('isolated', 'tests/web/pages/page.html'), input, 2);
  } finally {
    await browser.close();
    await server.close();
  }
}

runWithOptions(commandLine, async (options) => {
  const { lines, ...machine } = describeMachine({ title: 'weft in browsers', script: 'tests/bench/web/bench.js' });
  console.log(lines.join('\n'));
  const folder = mkdtempSync(path.join(tmpdir(), 'weft-web-'));
  try {
    const result = { machine, demoBrotliBytes: demoBytes(), engines: {}, memory: {} };
    const engines = options.engines.filter((engine) => {
      const why = missing(engine);
      if (why) console.log(`${engine}: ${why}`);
      return !why;
    });
    if (options.sections.includes('figures')) {
      const input = makeFile(folder);
      const nodeTimes = await imageInNode();
      result.mandelbrotNodeMs = summary(nodeTimes);
      console.log(`the demo: ${result.demoBrotliBytes} bytes with brotli; mandelbrot in Node, one thread: ${spread(result.mandelbrotNodeMs, 'ms')}`);
      for (const engine of engines) show(engine, result.engines[engine] = await measure(engine, input, nodeTimes));
    }
    if (options.sections.includes('memory')) {
      const input = makeLargeFile(folder);
      for (const engine of engines) showMemory(engine, result.memory[engine] = await measureMemory(engine, input));
    }
    if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
    else console.log(`\n${JSON.stringify(result)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
