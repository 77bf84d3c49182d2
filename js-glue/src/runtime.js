/// <reference lib="esnext.disposable" preserve="true" />
import { ExportCallable } from './arguments.js';
import { Caller } from './caller.js';
import { Heap } from './heap.js';
import { copyOf, share, string } from './heap-rare.js';
import { showAs } from './inspect.js';
import { Jobs } from './jobs.js';
import { Pulse } from './pulse.js';
import { endObjects, failEverything, refuseClosed } from './runtime-rare.js';
import { unreadable } from './show.js';

/**
 * What runs.
 * @typedef {object} RuntimeInfo
 * @property {'wasi' | 'emscripten'} flavour
 * @property {number} threads  workers that take part in a call; rt.resize changes it
 * @property {number} running  workers whose threads run: those that stand in for others included,
 *   none while they are ended (idleTimeoutMs)
 * @property {string} [reason]  where there are none: what is missing, and how to mend it
 * @property {string} threadsFrom  the rule that decided: `option`, `WEFT_THREADS`, or what
 *   limits the CPUs of this process
 * @property {number} cpus  CPUs that this process may use
 * @property {number} memoryBytes
 * @property {boolean} waitAsync  false: completions come as messages, which take longer
 * @property {string[]} functions  what `call` can call
 */

/**
 * What the parts of one runtime share.
 * @typedef {object} Core
 * @property {import('./host.js').Host} host
 * @property {import('./engine-wasi.js').Engine} engine
 * @property {WebAssembly.Memory} memory
 * @property {DataView} view  of all of it
 * @property {Heap} heap
 * @property {Jobs} jobs
 * @property {import('./crew.js').Crew} crew
 * @property {import('./watch.js').Watch} [watch]  once a call has taken long
 * @property {() => import('./watch.js').Watch} watchdog  makes it
 * @property {import('./pulse.js').Pulse} pulse
 * @property {import('./shared-host.js').SharedObjects} [shared]
 * @property {typeof import('./extras.js')} extras
 * @property {import('./options.js').Settings} settings
 * @property {Readonly<RuntimeInfo>} info
 * @property {Map<string, ExportCallable>} callables  the module's exports
 * @property {import('./tasks.js').TaskModules} [tasks]  once there are some
 * @property {import('./codec.js').Codec} codec  of values for other threads
 * @property {() => boolean} open  calls can be made
 * @property {() => void} mustBeOpen  throws a WeftError unless calls can be made
 */

/** A started module: its memory and its workers. Made by createRuntime. */
export class Runtime extends Caller {
  static name = 'Runtime'; // as in errors.js

  static {
    showAs(this.prototype, 'Runtime', (runtime) => {
      const { info: { flavour, threads }, pending } = runtime;
      return { flavour, threads, pending, state: runtime.#phase };
    });
  }

  #core;
  /** @type {import('./shared-host.js').SharedObjects | undefined} made when they are wanted */
  #shared;
  /** @type {import('./codec.js').Codec | undefined} */
  #codec;
  #heap;
  #jobs;
  #crew;
  #engine;
  /** @type {'open' | 'closing' | 'closed' | 'failed'} */
  #phase = 'open';
  /** @type {import('./errors.js').WeftError | undefined} */
  #failure;
  /** @type {Promise<void> | undefined} */
  #closed;

  /**
   * @param {import('./host.js').Host} host
   * @param {import('./engine-wasi.js').Engine} engine  started
   * @param {import('./crew.js').Crew} crew  perhaps not ready yet
   * @param {Map<string, import('./arguments.js').Export>} exports
   * @param {import('./options.js').Settings} settings
   * @param {{ readonly extras: typeof import('./extras.js') }} later
   */
  constructor(host, engine, crew, exports, settings, later) {
    const { memory } = engine;
    const heap = new Heap(engine);
    const callables = new Map();
    for (const [name, entry] of exports) callables.set(name, new ExportCallable(heap, entry));
    const core = /** @type {Core} */ ({
      host, engine, memory, view: heap.view, heap, crew, settings, callables,
      get extras() {
        return later.extras;
      },
    });
    core.open = () => this.#phase === 'open';
    core.mustBeOpen = () => this.#mustBeOpen();
    super(core, undefined);
    this.#core = core;
    this.#engine = engine;
    this.#crew = crew;
    this.#heap = heap;
    this.#jobs = core.jobs = new Jobs(core);
    core.watchdog = () => core.watch ??= new later.extras.Watch(core);
    core.pulse = new Pulse(core);
    Object.defineProperty(core, 'codec', {
      get: () => this.#codec ??= new later.extras.Codec(heap, (handle) => this.#objects.open(handle)),
    });
    crew.onReady = () => {
      crew.core = core;
      crew.onSignal = () => this.#jobs.listener.onSignal();
      crew.onFailure = (error) => this.#fail(error);
    };

    /** @type {Readonly<RuntimeInfo>} */
    this.info = core.info = Object.freeze(Object.defineProperty({
      flavour: engine.flavour,
      get threads() {
        return settings.threads;
      },
      get running() {
        return crew.present;
      },
      reason: settings.reason,
      threadsFrom: settings.threadsFrom,
      cpus: settings.cpus,
      memoryBytes: engine.memory.buffer.byteLength,
      waitAsync: settings.waitAsync,
      functions: [...callables.keys()],
    }, Symbol.for('nodejs.util.inspect.custom'), { value() { return { ...this }; } }));
    /** The shared memory; it never grows. */
    this.memory = engine.memory;
  }

  /** Calls that have no outcome yet. */
  get pending() {
    return this.#core.jobs.unsettled;
  }

  /**
   * Resolves once there is room for one more call, which then is handed to a worker's queue at
   * once. Await it before each call to make any number of them in little memory.
   *
   * @returns {Promise<void>}
   */
  get ready() {
    return this.#core.jobs.ready();
  }

  /**
   * What has happened so far. Counts only grow; subtract two readings.
   *
   * @returns {import('./stats.js').RuntimeStats}
   * @throws {WeftError} `WEFT_ERR_CLOSED`
   */
  stats() {
    this.#mustBeOpen();
    return this.#core.extras.readStats(this.#core);
  }

  /**
   * A real typed array on the runtime's memory, 64-byte aligned, every element 0. It stays
   * valid until it is freed.
   *
   * @template {import('./heap.js').AnyArray} T
   * @param {import('./heap.js').ArrayConstructor<T>} Constructor  such as Float64Array
   * @param {number} length
   * @returns {T}
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_NOMEM`, `WEFT_ERR_CLOSED`
   */
  array(Constructor, length) {
    this.#mustBeOpen();
    const array = this.#heap.array(Constructor, length);
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0);
    return array;
  }

  /**
   * Memory from the C heap, 64-byte aligned, not cleared.
   *
   * @param {number} bytes
   * @returns {number}  the address
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_NOMEM`, `WEFT_ERR_CLOSED`
   */
  alloc(bytes) {
    this.#mustBeOpen();
    return this.#heap.alloc(bytes);
  }

  /**
   * Copies an array from elsewhere into the runtime's memory.
   *
   * @template {import('./heap.js').AnyArray} T
   * @overload
   * @param {T} source
   * @returns {T}  a new array of the same type (Node's Buffer becomes a Uint8Array)
   */
  /**
   * @overload
   * @param {ArrayBufferLike | DataView} source
   * @returns {Uint8Array}
   */
  /**
   * @param {any} source
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_NOMEM`, `WEFT_ERR_CLOSED`
   */
  share(source) {
    this.#mustBeOpen();
    return share(this.#heap, source);
  }

  /**
   * Gives back what array, alloc or share returned. Arrays that a pending call uses cannot
   * be freed.
   *
   * @param {ArrayBufferView | number} target
   * @throws {WeftError} `WEFT_ERR_POINTER`, `WEFT_ERR_STATE`, `WEFT_ERR_CLOSED`
   */
  free(target) {
    this.#mustBeOpen();
    this.#heap.free(target);
  }

  /**
   * The text of a NUL-terminated UTF-8 string of C.
   *
   * @param {number} pointer
   * @throws {WeftError} `WEFT_ERR_POINTER`, `WEFT_ERR_CLOSED`
   */
  string(pointer) {
    this.#mustBeOpen();
    return string(this.#heap, pointer);
  }

  /**
   * A copy on memory of its own, for what refuses shared memory: TextDecoder, crypto, ImageData,
   * Blob, WebSocket and the like in browsers.
   *
   *     context.putImageData(new ImageData(rt.copy(pixels), width), 0, 0);
   *
   * @template {import('./heap.js').AnyArray} T
   * @param {T} array  a typed array
   * @returns {T}
   * @throws {WeftError} `WEFT_ERR_INVALID`
   */
  copy(array) {
    return copyOf(array);
  }

  /**
   * Loads a JavaScript module in every worker. The functions that it exports become tasks:
   * each call runs on one of the workers and gives a promise of the result. Arguments and
   * results are copied, as by structuredClone, but for arrays of this runtime, which arrive
   * as views on the same memory, and its shared objects. Instances of classes are refused:
   * their methods would be lost.
   *
   *     const tasks = await rt.load(new URL('./tasks.js', import.meta.url));
   *     await tasks.blur(pixels, 3);
   *
   * A task that is async, or returns a promise, keeps its worker until that settles. For the
   * types of the module's own functions: `rt.load<typeof import('./tasks.js')>(...)`.
   *
   * @template [T=Record<string, (...args: any[]) => any>]
   * @param {URL | string} source  a file: URL, or a path from the working directory
   * @returns {Promise<import('./tasks.js').Tasks<T>>}
   * @throws {WeftError} `WEFT_ERR_INVALID`; `WEFT_ERR_MODULE` when it cannot be loaded in
   *   some worker; `WEFT_ERR_TIMEOUT` when no worker has loaded it within startTimeoutMs;
   *   `WEFT_ERR_CLOSED`
   */
  async load(source) {
    this.#mustBeOpen();
    const { TaskModules } = await import('./tasks.js'); // only those who have tasks
    this.#mustBeOpen();
    this.#core.tasks ??= new TaskModules(this.#core);
    return this.#core.tasks.load(source);
  }

  get #objects() {
    return this.#shared ??= this.#core.shared = new this.#core.extras.SharedObjects(this.#core);
  }

  /** A lock that C and JavaScript share. */
  mutex() {
    return this.#objects.mutex();
  }

  /** A counter of permits that C and JavaScript share. @param {number} permits  from 0 */
  semaphore(permits) {
    return this.#objects.semaphore(permits);
  }

  /** A flag to wait for that C and JavaScript share. */
  event() {
    return this.#objects.event();
  }

  /**
   * A bounded queue that C and JavaScript share. It carries copies of values, or with `raw`
   * C's pointers, as numbers.
   *
   * @param {number} capacity  from 1 to 16777216
   * @param {{ raw?: boolean }} [options]
   */
  channel(capacity, options) {
    return this.#objects.channel(capacity, options);
  }

  /**
   * Changes how many workers take calls. Those that are too many finish what they are in, and
   * rest; they are there at once when the runtime grows again.
   *
   * @param {number} threads  1 to 128
   * @returns {Promise<void>}  once every new worker has answered
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_UNSUPPORTED` (a runtime without workers),
   *   `WEFT_ERR_WORKER`, `WEFT_ERR_CLOSED`
   */
  async resize(threads) {
    this.#mustBeOpen();
    const { resize } = await import('./resize.js'); // few need it
    this.#mustBeOpen();
    await resize(this.#core, threads);
  }

  /**
   * Waits for every call, then ends the workers. Closing twice is the same as once.
   *
   * @param {object} [options]
   * @param {boolean} [options.cancel]  true: fail the pending calls with
   *   `WEFT_ERR_CANCELLED` and do not wait for functions that do not heed weft_cancelled()
   * @returns {Promise<void>}
   * @throws {WeftError} `WEFT_ERR_INVALID` when the options cannot be read
   */
  close(options = {}) {
    let cancel;
    try {
      ({ cancel } = options);
    } catch (error) {
      return Promise.reject(unreadable(error, 'rt.close: the options'));
    }
    if (this.#phase === 'failed' || this.#phase === 'closed') return this.#closed ?? Promise.resolve();
    this.#phase = 'closing';
    if (cancel) this.#jobs.cancel('cancelled by rt.close({ cancel: true })');
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  /**
   * The same at the end of a block: `await using rt = await createRuntime()`. (Where the symbol
   * does not exist, this is a method by a name that nobody calls.)
   */
  [Symbol.asyncDispose]() {
    return this.close();
  }

  async #shutDown() {
    await this.#jobs.settled();
    if (this.#phase !== 'closing') return; // a worker was lost meanwhile
    if (this.#shared || this.#core.tasks) endObjects(this.#core);
    this.#engine.find('weft_js_stop')();
    await this.#left();
    this.#phase = 'closed';
    this.#jobs.kill();
    await this.#crew.dismiss();
  }

  /** Until every worker has left its loop, or has had time enough to. */
  async #left() {
    let timer;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, this.#core.settings.graceMs); // keeps the process alive meanwhile
    });
    const left = this.#crew.until(() => this.#crew.present === 0 || this.#phase === 'failed');
    await Promise.race([left, grace]);
    clearTimeout(timer);
  }

  /** @param {import('./errors.js').WeftError} error  a worker was lost, and with it perhaps a lock of C's */
  #fail(error) {
    if (this.#phase === 'failed' || this.#phase === 'closed') return;
    this.#jobs.drain();
    this.#phase = 'failed';
    this.#failure = error;
    failEverything(this.#core, error);
    this.#closed = this.#crew.dismiss();
  }

  #mustBeOpen() {
    if (this.#phase === 'open') return;
    refuseClosed(this.#failure);
  }
}
