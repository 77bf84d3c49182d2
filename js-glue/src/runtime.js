import { convertArguments } from './arguments.js';
import { WeftError } from './errors.js';
import { Heap } from './heap.js';
import { Jobs } from './jobs.js';
import { Word } from './layout.js';
import { unknownExport } from './nearest.js';
import { Failure } from './outcome.js';

const GRACE_MS = 1000;

/**
 * What runs.
 * @typedef {object} RuntimeInfo
 * @property {'wasi' | 'emscripten'} flavour
 * @property {number} threads  workers that take part in a call
 * @property {string} threadsFrom  the rule that decided: `option`, `WEFT_THREADS`, or what
 *   limits the CPUs of this process
 * @property {number} cpus  CPUs that this process may use
 * @property {number} memoryBytes
 * @property {boolean} waitAsync  false: completions come as messages, which take longer
 * @property {string[]} functions  what `call` can call
 */

/** A started module: its memory and its workers. Made by createRuntime. */
export class Runtime {
  #heap;
  #jobs;
  #crew;
  #engine;
  #callables;
  /** @type {'open' | 'closing' | 'closed' | 'failed'} */
  #phase = 'open';
  /** @type {WeftError | undefined} */
  #failure;
  /** @type {Promise<void> | undefined} */
  #closed;

  /**
   * @param {import('./engine-wasi.js').Engine} engine  started
   * @param {import('./crew.js').Crew} crew
   * @param {Map<string, import('./arguments.js').Callable>} callables
   * @param {import('./options.js').Settings} settings
   */
  constructor(engine, crew, callables, settings) {
    this.#engine = engine;
    this.#crew = crew;
    this.#callables = callables;
    this.#heap = new Heap(engine);
    this.#jobs = new Jobs(engine, settings.waitAsync, (job) => this.#heap.release(job.holdings));
    crew.onSignal = () => this.#jobs.onSignal();
    crew.onFailure = (error) => this.#fail(error);

    /** @type {Readonly<RuntimeInfo>} */
    this.info = Object.freeze({
      flavour: engine.flavour,
      threads: settings.threads,
      threadsFrom: settings.threadsFrom,
      cpus: settings.cpus,
      memoryBytes: engine.memory.buffer.byteLength,
      waitAsync: settings.waitAsync,
      functions: [...callables.keys()],
    });
    /** The shared memory; it never grows. */
    this.memory = engine.memory;
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
    return this.#heap.share(source);
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
    return this.#heap.string(pointer);
  }

  /**
   * Calls an exported C function on the workers. Calls run at the same time, in any order.
   *
   * i32 takes integers, booleans, null, strings (a UTF-8 copy that lives as long as the
   * call) and arrays of this runtime as pointers; i64 takes BigInts; f32 and f64 numbers.
   * An unsigned or pointer result is a signed number: `result >>> 0` makes it unsigned.
   *
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<any>}  a number, a BigInt for i64, undefined for void
   * @throws {WeftError} `WEFT_ERR_EXPORT`, `WEFT_ERR_INVALID`, `WEFT_ERR_POINTER`,
   *   `WEFT_ERR_NOMEM`, `WEFT_ERR_CLOSED` before it runs; `WEFT_ERR_TRAP`,
   *   `WEFT_ERR_STACK`, `WEFT_ERR_CANCELLED`, `WEFT_ERR_DEADLOCK`, `WEFT_ERR_WORKER` after
   */
  async call(name, ...args) {
    this.#mustBeOpen();
    const callable = this.#callables.get(name) ?? unknownExport(name, this.info.functions);
    /** @type {import('./arguments.js').Holdings} */
    const holdings = { arrays: [], strings: [] };
    let values;
    try {
      values = convertArguments(this.#heap, callable, args, holdings);
    } catch (error) {
      this.#heap.release({ arrays: [], strings: holdings.strings });
      throw error;
    }
    for (const allocation of holdings.arrays) allocation.uses++;
    const outcome = await this.#jobs.run(callable, values, holdings);
    if (outcome instanceof Failure) {
      throw new WeftError(outcome.code, outcome.message,
        outcome.cause === undefined ? undefined : { cause: outcome.cause });
    }
    return outcome;
  }

  /**
   * Waits for every call, then ends the workers. Closing twice is the same as once.
   *
   * @param {object} [options]
   * @param {boolean} [options.cancel]  true: fail the pending calls with
   *   `WEFT_ERR_CANCELLED` and do not wait for functions that do not heed weft_cancelled()
   * @returns {Promise<void>}
   */
  close({ cancel = false } = {}) {
    if (this.#phase === 'failed' || this.#phase === 'closed') return this.#closed ?? Promise.resolve();
    this.#phase = 'closing';
    if (cancel) this.#jobs.cancel('cancelled by rt.close({ cancel: true })');
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown() {
    await this.#jobs.settled();
    if (this.#phase !== 'closing') return; // a worker was lost meanwhile
    this.#engine.find('weft_js_stop')();
    await this.#left();
    this.#phase = 'closed';
    this.#jobs.kill();
    await this.#crew.dismiss();
  }

  /** Until every worker has left its loop, or has had time enough to. */
  async #left() {
    const workers = this.#jobs.words[Word.WORKERS];
    let timer;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, GRACE_MS); // keeps the process alive meanwhile
    });
    const left = this.#crew.until(() => this.#crew.ended >= workers || this.#phase === 'failed');
    await Promise.race([left, grace]);
    clearTimeout(timer);
  }

  /** @param {WeftError} error  a worker was lost, and with it perhaps a lock of C's */
  #fail(error) {
    if (this.#phase === 'failed' || this.#phase === 'closed') return;
    this.#jobs.drain();
    this.#phase = 'failed';
    this.#failure = error;
    this.#jobs.kill();
    this.#jobs.failAll('WEFT_ERR_WORKER', error.message, error.cause);
    this.#closed = this.#crew.dismiss();
  }

  #mustBeOpen() {
    if (this.#phase === 'open') return;
    if (this.#failure) {
      throw new WeftError('WEFT_ERR_WORKER',
        `this runtime is unusable, make a new one: ${this.#failure.message}`, { cause: this.#failure });
    }
    throw new WeftError('WEFT_ERR_CLOSED', 'this runtime is closed');
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Runtime.prototype, Symbol.asyncDispose, {
    value: /** @this {Runtime} */ function () {
      return this.close();
    },
  });
}
