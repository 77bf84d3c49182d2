import { WeftError } from './errors.js';
import { instantiate } from './imports.js';
import { createMemory, moduleError } from './module.js';

/**
 * A module that is loaded and initialised, whichever its flavour.
 * @typedef {object} Engine
 * @property {'wasi' | 'emscripten'} flavour
 * @property {WebAssembly.Memory} memory
 * @property {(name: string) => any} find  an exported function of the main instance
 * @property {() => void} started  to be called after weft_js_start
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
  const module = await WebAssembly.compile(/** @type {BufferSource} */ (facts.bytes)).catch((error) => {
    throw moduleError(`this host cannot compile the module: ${error.message}`, error);
  });
  const memory = createMemory(settings.memoryBytes, facts.memory);
  const threadIds = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(threadIds), 0, 1);
  const shared = { cpus: settings.cpus, args: ['weft'], env: {}, threadIds };

  function hire() {
    try {
      return crew.add(host.createWorker(settings));
    } catch (error) {
      throw new WeftError('WEFT_ERR_WORKER', `a worker cannot be created: ${/** @type {Error} */ (error).message}`,
        { cause: error });
    }
  }

  /** @param {number} thread  @param {number} argument */
  function run(thread, argument) {
    const worker = idle.pop() ?? hire();
    worker.post({ type: 'weft:start', module, memory, thread, argument, settings: shared });
  }

  /** @param {number} argument */
  function spawn(argument) {
    const thread = Atomics.add(new Int32Array(threadIds), 0, 1);
    try {
      run(thread, argument);
    } catch {
      return -1; // C reports WEFT_ERR_WORKER
    }
    return thread;
  }

  crew.onThread = (worker, message) => {
    if (message.type === 'weft:exited') idle.push(worker);
    else if (spawnFailed(() => run(message.thread, message.argument))) {
      exports.weft_thread_failed(message.argument);
    }
  };

  const exports = start(() => instantiate({
    module,
    memory,
    spawn,
    ...shared,
    now: host.now,
    write: host.write,
  }), host.maySleep);
  return { flavour: 'wasi', memory, find: (name) => exports[name], started: () => {} };
}

/** @param {() => void} run  @returns {boolean} */
function spawnFailed(run) {
  try {
    run();
    return false;
  } catch {
    return true;
  }
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
    const reason = /** @type {Error} */ (error).message;
    throw moduleError(`the module cannot be started: ${reason}`, error);
  }
}
