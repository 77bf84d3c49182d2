import { noWorker } from './create-rare.js';
import { instantiate } from './imports.js';
import { createMemory } from './module.js';
import { unusable } from './module-rare.js';

/**
 * A module that is loaded and initialised, whichever its flavour.
 * @typedef {object} Engine
 * @property {'wasi' | 'emscripten'} flavour
 * @property {WebAssembly.Memory} memory
 * @property {(name: string) => any} find  an exported function of the main instance
 * @property {() => void} started  to be called after weft_js_start
 * @property {(worker: import('./host.js').ThreadWorker) => import('./host.js').ThreadWorker | undefined} [follow]
 *   lets another worker go on in the place of one that has died; where that is possible
 * @property {import('./solo.js').Solo} [solo]  where there are no workers
 */

/**
 * Loads a module of the `wasi` flavour: its threads are workers of our own.
 *
 * @param {import('./host.js').Host} host
 * @param {import('./options.js').Settings} settings
 * @param {import('./module.js').ModuleFacts} facts
 * @param {import('./crew.js').Crew} crew
 * @returns {Promise<Engine>}
 * @throws {WeftError} `WEFT_ERR_MODULE`, `WEFT_ERR_NOMEM`, `WEFT_ERR_WORKER`
 */
export async function openWasi(host, settings, facts, crew) {
  // Workers first: they load while the module compiles.
  const idle = Array.from({ length: settings.threads }, () => hire());
  const compile = host.compile ?? WebAssembly.compile;
  const module = await compile(/** @type {any} */ (facts.bytes)).catch((error) => {
    throw unusable('this host cannot compile the module', error);
  });
  const memory = createMemory(settings.memoryBytes, facts.memory);
  const { Solo } = settings;
  const alone = Solo !== undefined;
  let solo = /** @type {import('./solo.js').Solo | undefined} */ (undefined);
  const threadIds = alone ? undefined : new SharedArrayBuffer(4);
  const ids = threadIds ? new Int32Array(threadIds) : new Int32Array(1);
  Atomics.store(ids, 0, 1);
  const shared = { cpus: settings.cpus, args: ['weft'], env: {}, threadIds };

  function hire() {
    try {
      return crew.add(host.createWorker(settings));
    } catch (error) {
      throw noWorker(crew, error);
    }
  }

  /** @param {number} thread  @param {number} argument */
  function run(thread, argument, follows = false) {
    const worker = idle.pop() ?? hire();
    worker.runs = { thread, argument };
    worker.post({ type: 'weft:start', module, memory, thread, argument, follows, settings: shared });
    return worker;
  }

  /** @param {number} argument */
  function spawn(argument) {
    if (alone) return -1;
    const thread = Atomics.add(ids, 0, 1);
    try {
      run(thread, argument);
    } catch (error) {
      crew.refused ??= error;
      return -1; // C reports WEFT_ERR_WORKER
    }
    return thread;
  }

  crew.threads = { idle, run, failed: (argument) => exports.weft_thread_failed(argument) };

  /** @param {import('./host.js').ThreadWorker} worker  whose thread has died */
  function follow({ runs }) {
    return runs && run(runs.thread, runs.argument, true);
  }

  let guard = /** @type {import('./guard.js').Guard | undefined} */ (undefined);
  const exports = start(() => instantiate({
    module,
    memory,
    spawn,
    ...shared,
    now: host.now,
    write: host.write,
    post: (message) => solo?.hear(message),
    onGuard: (own) => {
      guard = own;
    },
  }), host.maySleep && !alone);
  const find = (/** @type {string} */ name) => exports[name];
  solo = Solo && new Solo({ host, find, guard: /** @type {any} */ (guard), crew });
  return { flavour: 'wasi', memory, find: solo?.find ?? find, started: () => {}, follow: alone ? undefined : follow, solo };
}

/**
 * @param {() => WebAssembly.Instance} make  @param {boolean} maySleep
 * @returns {any}  the exports of the main instance, initialised
 */
function start(make, maySleep) {
  try {
    const exports = /** @type {any} */ (make().exports);
    exports._initialize?.();
    exports.weft_main_may_sleep(maySleep ? 1 : 0);
    return exports;
  } catch (error) {
    throw unusable('the module cannot be started', error);
  }
}
