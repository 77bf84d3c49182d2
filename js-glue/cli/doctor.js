import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { createRuntime } from '../src/index.js';
import { host } from '../src/node-host.js';
import { cgroupQuota } from '../src/node.js';
import { failure, readOptions, size } from './output.js';

const HELP = `Usage: weft doctor [--json]

Tells what this host has for threads on shared memory, starts the stock module and checks a
parallel call. Exit code 0 when weft runs on all threads here, 1 when something is in the way.`;

const OLDEST_NODE = 20;
const GIB = 2 ** 30;

/** (module (func (result v128) (v128.const i64x2 0 0))) */
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0,
  253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11);

/**
 * One thing that was looked at.
 * @typedef {object} Finding
 * @property {string} what
 * @property {'ok' | 'note' | 'bad'} state  note: weft runs, but less well
 * @property {string} found
 * @property {string} [mend]
 */

/** @param {string} what  @param {boolean} good  @param {string} found  @param {string} mend  @returns {Finding} */
const must = (what, good, found, mend) => ({ what, state: good ? 'ok' : 'bad', found, ...(good ? {} : { mend }) });

function node() {
  const major = Number(process.versions.node.split('.')[0]);
  return must('Node', major >= OLDEST_NODE, `${process.version}, ${process.platform} ${process.arch}`,
    `install Node ${OLDEST_NODE} or newer`);
}

/** @returns {Finding[]} */
function processors() {
  const { count, rule } = host.cpus();
  const quota = cgroupQuota();
  const rules = [`${cpus().length} in the machine`, `availableParallelism ${availableParallelism()}`,
    `cgroup quota ${quota === Infinity ? 'none' : quota}`];
  const variable = process.env.WEFT_THREADS;
  const valid = variable === undefined || /^(12[0-8]|1[01]\d|[1-9]\d?)$/.test(variable);
  /** @type {Finding[]} */
  const found = [{ what: 'CPUs', state: 'ok', found: `${count}, decided by ${rule} (${rules.join(', ')})` }];
  if (variable !== undefined) {
    found.push({ what: 'WEFT_THREADS', state: valid ? 'ok' : 'note', found: JSON.stringify(variable),
      ...(valid ? {} : { mend: 'it is ignored: set a number from 1 to 128, or unset it' }) });
  }
  return found;
}

/** @param {number} pages */
function shared(pages) {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** @returns {Finding} */
function sharedMemory() {
  const mend = 'weft needs WebAssembly threads: leave out flags that switch them off';
  try {
    const { buffer } = shared(1);
    const hidden = typeof SharedArrayBuffer === 'undefined';
    return must('shared memory', !hidden && buffer instanceof SharedArrayBuffer,
      hidden ? 'SharedArrayBuffer is not defined' : 'yes', mend);
  } catch (error) {
    return must('shared memory', false, failure(error), mend);
  }
}

/** @returns {Finding} */
function sending() {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(shared(1));
    const arrived = receiveMessageOnPort(port2)?.message instanceof WebAssembly.Memory;
    return must('shared memory in messages', arrived, arrived ? 'yes' : 'it did not arrive', 'every job would run on the caller: use a host that allows it');
  } catch (error) {
    return must('shared memory in messages', false, failure(error), 'every job would run on the caller: use a host that allows it');
  } finally {
    port1.close();
  }
}

/** @returns {Finding} */
function waiting() {
  const there = typeof (/** @type {any} */ (Atomics).waitAsync) === 'function';
  return { what: 'Atomics.waitAsync', state: there ? 'ok' : 'note', found: there ? 'yes' : 'no',
    ...(there ? {} : { mend: 'results arrive as messages, which takes longer: use a newer Node' }) };
}

/** The largest shared memory that is granted, of 4 GiB and the halves of it. @returns {Finding} */
function memory() {
  let pages = 65536;
  for (; pages >= 16; pages /= 2) {
    try {
      shared(pages);
      break;
    } catch { /* half of it, then */ }
  }
  const bytes = pages * 65536;
  const state = bytes >= GIB ? 'ok' : bytes >= 2 ** 24 ? 'note' : 'bad';
  return { what: 'memory to be had', state, found: size(bytes),
    ...(state === 'ok' ? {} : { mend: 'the default of 1 GiB is not granted: look at ulimit -v' }) };
}

/** @returns {Promise<Finding[]>} */
async function start() {
  if (!existsSync(host.stockModule)) {
    return [must('stock module', false, `${host.stockModule} is missing`,
      'reinstall the package; in weft\'s source tree: npm run build')];
  }
  const begin = performance.now();
  try {
    const rt = await createRuntime();
    const { threads, threadsFrom, memoryBytes } = rt.info;
    const reason = /** @type {any} */ (rt.info).reason;
    const ready = performance.now();
    const text = `${threads} thread${threads === 1 ? '' : 's'} (from ${threadsFrom}), ${size(memoryBytes)}, ready in ${(ready - begin).toFixed(1)} ms`;
    const xs = rt.array(Float64Array, 1_000_000);
    for (let i = 0; i < xs.length; i++) xs[i] = i;
    const middle = performance.now();
    const sum = await rt.sum(xs);
    const end = performance.now();
    await rt.close();
    return [
      reason ? must('start', false, `no workers: ${reason}`, 'every job runs on the caller until that is mended') : must('start', true, text, ''),
      must('parallel call', sum === 499999500000, `sum of 1,000,000 doubles ${sum === 499999500000 ? 'right' : `wrong: ${sum}`}, ${(end - middle).toFixed(2)} ms`,
        'report it, with this output'),
    ];
  } catch (error) {
    return [must('start', false, failure(error), 'the lines above may say why')];
  }
}

/** @param {string[]} args  @returns {Promise<number>} the exit code */
export async function run(args) {
  const parsed = readOptions(args, { json: { type: 'boolean' } }, HELP);
  if (!parsed) return 0;
  const simd = must('WebAssembly SIMD', WebAssembly.validate(SIMD), WebAssembly.validate(SIMD) ? 'yes' : 'no',
    'the stock module needs it: use a newer Node, or a CPU with SSE4.1');
  const findings = [node(), ...processors(), sharedMemory(), sending(), waiting(), simd, memory(), ...(await start())];
  const healthy = findings.every(({ state }) => state !== 'bad');
  if (parsed.values.json) {
    console.log(JSON.stringify({ healthy, findings }, null, 2));
    return healthy ? 0 : 1;
  }
  const width = Math.max(...findings.map(({ what }) => what.length));
  for (const { what, state, found, mend } of findings) {
    console.log(`${state.padEnd(5)}${what.padEnd(width + 2)}${found}`);
    if (mend) console.log(`${''.padEnd(width + 7)}-> ${mend}`);
  }
  console.log(healthy ? '\nweft runs here.' : '\nweft does not run here as it should; "->" says what to do.');
  return healthy ? 0 : 1;
}
