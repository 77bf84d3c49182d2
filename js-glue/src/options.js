import { checkThread, refuse, refuseNumber, refuseOption } from './options-rare.js';

export const THREADS_MAX = 128;
const MIB = 1024 * 1024;
const LARGEST = 2 ** 31 - 1;

/**
 * @typedef {object} RuntimeOptions
 * @property {URL | string | ArrayBuffer | ArrayBufferView | EmscriptenFactory} [module]  a
 *   `.wasm` file or its bytes (`wasi` flavour); Emscripten's `.js` file, or the function
 *   that it exports (`emscripten` flavour). Default: the stock kernels
 * @property {URL | string | ArrayBuffer | ArrayBufferView} [wasm]  the `.wasm` beside an
 *   Emscripten function; found by name when `module` is a file
 * @property {number} [threads]  workers, 0 to 128; default: the environment variable
 *   WEFT_THREADS, else the CPUs that this process may use. Where the host has no workers, or
 *   does not share memory with them, it is as if 0 were asked for: every job runs on the
 *   calling thread, a job in a turn of the event loop; rt.info.reason says why
 * @property {boolean} [strict]  true: fail with `WEFT_ERR_WORKER` rather than run without
 *   workers where some are wanted
 * @property {number} [memoryBytes]  of the `wasi` flavour, halved until the host grants it;
 *   default 1 GiB. An Emscripten module brings its own size
 * @property {number} [stackBytes]  C stack of each worker, 64 KiB to 256 MiB; default 1 MiB;
 *   without workers it is the module's own
 * @property {number} [spinMs]  how long a worker without work looks for some before it
 *   sleeps, up to 1000; default 0.05; 0: not at all
 * @property {number} [startTimeoutMs]  default 10000
 * @property {number} [maxQueued]  how many calls may be pending at once, from 1 on; default
 *   1048576. One more rejects with `WEFT_ERR_LIMIT`
 * @property {number} [graceMs]  how long a call that was ended may run on before its workers
 *   are replaced, and how long close waits for workers; default 1000
 * @property {number} [idleTimeoutMs]  of the `wasi` flavour: after so long without a call the
 *   workers are ended, and their memory is given back; the next call starts them again. Arrays,
 *   locks and loaded tasks stay. Default 0: never
 * @property {ThreadOptions} [worker]  of Node and the `wasi` flavour: for the threads of the workers
 * @property {boolean} [waitAsync]  false: do without `Atomics.waitAsync`, as on hosts that
 *   lack it; default: use it where it exists
 */

/**
 * What Node's own Worker takes of these.
 * @typedef {object} ThreadOptions
 * @property {string[]} [execArgv]  options of Node; default: those of this process, so that
 *   --import, loaders, --conditions and --enable-source-maps hold in tasks as well. [] starts
 *   faster where there are loaders
 * @property {string[]} [argv]  what process.argv of tasks ends with
 * @property {Record<string, string | undefined> | symbol} [env]  process.env of tasks
 * @property {{ maxOldGenerationSizeMb?: number, maxYoungGenerationSizeMb?: number, codeRangeSizeMb?: number }} [resourceLimits]
 *   of JavaScript's own heap, for each worker. A task that exceeds them is rejected with
 *   `WEFT_ERR_WORKER`, and its worker replaced
 */

/** @typedef {(module: object) => Promise<any>} EmscriptenFactory */

/**
 * @typedef {object} Settings
 * @property {number} threads
 * @property {string} threadsFrom  the rule that decided: `option`, `WEFT_THREADS`, or what
 *   limits the CPUs of this process
 * @property {boolean} strict
 * @property {string} [reason]  why there are no workers
 * @property {typeof import('./solo.js').Solo} [Solo]  there, what takes their place
 * @property {number} cpus
 * @property {number} memoryBytes
 * @property {number} stackBytes  0 for the default
 * @property {number} spinNs  0 for the default, negative for none
 * @property {number} startTimeoutMs
 * @property {number} maxQueued
 * @property {number} graceMs
 * @property {number} idleMs  0: never
 * @property {ThreadOptions} [worker]
 * @property {boolean} waitAsync
 */

/** @typedef {(name: string) => unknown} Take  reads an option, and notes that it was read */

/**
 * @param {Take} take  @param {string} name  @param {number} fallback
 * @param {number} min  @param {number} max  @param {boolean} [integer]
 */
function number(take, name, fallback, min, max, integer) {
  const value = take(name);
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  return refuseNumber(name, value, min, max, integer);
}

/** @param {Take} take  @param {string} name */
function flag(take, name) {
  const value = take(name);
  if (value !== undefined && typeof value !== 'boolean') refuse(name, value, 'true or false');
  return value;
}

/** @param {any} worker  @returns {ThreadOptions | undefined} */
function thread(worker) {
  if (worker !== undefined) checkThread(worker);
  return worker;
}

/**
 * @param {number} option  -1: there is none  @param {string | undefined} variable  WEFT_THREADS
 * @param {() => { count: number, rule: string }} findCpus
 */
function decideThreads(option, variable, findCpus) {
  if (option >= 0) return { threads: option, threadsFrom: 'option' };
  const fromVariable = Number(variable);
  if (variable && /^\d+$/.test(variable) && fromVariable >= 1 && fromVariable <= THREADS_MAX) {
    return { threads: fromVariable, threadsFrom: 'WEFT_THREADS' };
  }
  const cpus = findCpus();
  return { threads: Math.min(cpus.count, THREADS_MAX), threadsFrom: cpus.rule };
}

/**
 * Checks the options of createRuntime and fills in the defaults.
 *
 * @param {Pick<import('./host.js').Host, 'cpus' | 'variable'>} host
 * @param {RuntimeOptions} options
 * @returns {Settings}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function readOptions(host, options) {
  if (typeof options !== 'object' || options === null) refuse('createRuntime: the options', options, 'an object');
  const { module, wasm, ...left } = /** @type {any} */ (options);
  /** @type {Take} */
  const take = (name) => {
    delete left[name];
    return /** @type {any} */ (options)[name];
  };
  /** @type {{ count: number, rule: string } | undefined} */
  let cpus;
  const findCpus = () => cpus ??= host.cpus();
  const spin = number(take, 'spinMs', NaN, 0, 1000);
  const settings = {
    ...decideThreads(number(take, 'threads', -1, 0, THREADS_MAX, true), host.variable('WEFT_THREADS'), findCpus),
    strict: flag(take, 'strict') === true,
    get cpus() { // later: the workers need not wait for a look at the control groups
      return findCpus().count;
    },
    memoryBytes: number(take, 'memoryBytes', 1024 * MIB, 65536, 4096 * MIB, true),
    stackBytes: number(take, 'stackBytes', 0, 65536, 256 * MIB, true),
    spinNs: Number.isNaN(spin) ? 0 : spin * 1e6 || -1,
    startTimeoutMs: number(take, 'startTimeoutMs', 10_000, 1, LARGEST),
    maxQueued: number(take, 'maxQueued', MIB, 1, LARGEST, true),
    graceMs: number(take, 'graceMs', 1000, 0, LARGEST),
    idleMs: number(take, 'idleTimeoutMs', 0, 0, LARGEST),
    worker: thread(take('worker')),
    waitAsync: flag(take, 'waitAsync') !== false && typeof (/** @type {any} */ (Atomics).waitAsync) === 'function',
  };
  for (const name in left) refuseOption(name);
  return settings;
}
