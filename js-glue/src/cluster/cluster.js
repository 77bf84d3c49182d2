/// <reference lib="esnext.disposable" preserve="true" />
import { setMaxListeners } from 'node:events';
import { WeftError } from '../errors.js';
import { showAs } from '../inspect.js';
import { mustKnow, show } from '../show.js';
import { END, Flow } from './flow.js';

/** @typedef {import('./execute.js').Outcome} Outcome */
/** @typedef {import('./flow.js').ClusterProgress} ClusterProgress */

/**
 * What a chunk gives: the result of the kernel; with out() or inout() arguments that, as `value`,
 * and their arrays.
 * @typedef {any} ChunkResult
 */

/**
 * The arguments of one call each: numbers, BigInts, strings, booleans, null, typed arrays, out()
 * and inout(). They are taken as there is room, so a generator of any length needs little memory.
 * @typedef {Iterable<unknown> | AsyncIterable<unknown>} Chunks
 */

/**
 * @typedef {object} MapOptions
 * @property {AbortSignal} [signal]  ends it: it rejects at once with the signal's reason, chunks
 *   that run are cancelled
 * @property {(progress: ClusterProgress) => void} [onProgress]  now and then, and before the end
 * @property {number} [inFlight]  chunks on their way at once; default: what keeps the engine busy
 * @property {number} [inFlightBytes]  bytes of arrays on their way at once; default 256 MiB
 * @property {number} [attempts]  how often a chunk is tried whose worker is lost; default 3
 * @property {number} [perJob]  over Redis, chunks that take less than a millisecond may share a job of
 *   BullMQ, up to so many; default 16. 1: each has its own
 * @property {number} [reissueAfterMs]  a chunk that runs for longer is given to a second worker,
 *   once none has anything else to do; the first result counts. Default: four times what half of
 *   the chunks took, at least 5000. 0: never
 */

const OPTIONS = ['signal', 'onProgress', 'inFlight', 'inFlightBytes', 'attempts', 'perJob', 'reissueAfterMs'];
const MIB = 1024 * 1024;

/** Short chunks that share a job at most. */
const PER_JOB = 16;

/** Results may wait for an earlier one, as many times `inFlight` as this. */
const AHEAD = 4;

/** @param {any} options  @param {string} method */
function check(options, method) {
  /** @type {(name: string, wanted: string) => never} */
  const refuse = (name, wanted) => {
    throw new WeftError('WEFT_ERR_INVALID', `cluster.${method}: ${name} must be ${wanted}, got ${show(options[name])}`);
  };
  if (typeof options !== 'object' || options === null) {
    throw new WeftError('WEFT_ERR_INVALID', `cluster.${method}: the options must be an object, got ${show(options)}`);
  }
  mustKnow(`cluster.${method}`, options, OPTIONS);
  if (options.signal !== undefined && typeof options.signal?.addEventListener !== 'function') refuse('signal', 'an AbortSignal');
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function') refuse('onProgress', 'a function');
  for (const [name, least] of /** @type {const} */ ([['inFlight', 1], ['inFlightBytes', 1], ['attempts', 1], ['perJob', 1], ['reissueAfterMs', 0]])) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= least)) refuse(name, `an integer from ${least} on`);
  }
}

/** @param {Outcome} outcome  @returns {ChunkResult} */
const resultOf = (outcome) => (outcome.arrays.length === 0 ? outcome.value : outcome);

/** An engine that runs kernels past this runtime, or past this machine. Made by connect. */
export class Cluster {
  static name = 'Cluster'; // in the package, too, where names are short

  static {
    showAs(this.prototype, 'Cluster', (cluster) => ({ ...cluster.info, functions: /** @type {any} */ (cluster.info).functions.length, closed: cluster.#closed !== undefined }));
  }

  #engine;
  /** @type {Set<{ end: AbortController, over: Promise<void> }>} what is running */
  #running = new Set();
  /** @type {Promise<void> | undefined} */
  #closed;

  /** @param {import('./flow.js').Engine} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  /** The engine, and what it is connected to. */
  get info() {
    return this.#engine.describe();
  }

  /**
   * Calls a kernel for each chunk, on every worker. The results are in the order of the chunks,
   * and have the same bits on any number of workers and threads:
   *
   *     chunks.map((chunk) => rt.call(kernel, ...chunk))
   *
   * A kernel may run more than once for a chunk (its worker was lost, or late), so it must depend
   * on its arguments alone.
   *
   * @param {string} kernel  a function that the module exports
   * @param {Chunks} chunks
   * @param {MapOptions} [options]
   * @returns {Promise<ChunkResult[]>}
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_EXPORT`, `WEFT_ERR_LIMIT` (too large a chunk),
   *   `WEFT_ERR_CLOSED`; what a chunk failed with, as rt.call, naming the chunk; `WEFT_ERR_WORKER`
   *   when it lost its worker too often; `WEFT_ERR_ENGINE`, `WEFT_ERR_NOMEM`, `WEFT_ERR_TIMEOUT`
   *   when the engine is out of reach, is full, or has no workers
   */
  async map(kernel, chunks, options = {}) {
    const results = [];
    for await (const result of this.#stream('map', kernel, chunks, options, Infinity)) results.push(result);
    return results;
  }

  /**
   * The same as `map`, a result at a time: `for await (const result of cluster.stream(...))`.
   * What nobody has taken yet is bounded too, so any number of chunks needs little memory.
   * Leaving the loop cancels the rest.
   *
   * @param {string} kernel  @param {Chunks} chunks  @param {MapOptions} [options]
   * @returns {AsyncGenerator<ChunkResult, void, void>}
   */
  stream(kernel, chunks, options = {}) {
    return this.#stream('stream', kernel, chunks, options);
  }

  /**
   * Combines what `map` would give, always in the order of the chunks, so that the bits depend on
   * the chunks alone: `(await cluster.map(kernel, chunks)).reduce(combine)`, without keeping all
   * results.
   *
   * @param {string} kernel  @param {Chunks} chunks
   * @param {(all: any, result: any, index: number) => any} combine  on this thread; may return a promise
   * @param {MapOptions & { initial?: unknown }} [options]  `initial`: combined with the first result
   * @returns {Promise<any>}
   * @throws {WeftError} as `map`; `WEFT_ERR_INVALID` when there is no chunk and no `initial`
   */
  async reduce(kernel, chunks, combine, options = {}) {
    if (typeof combine !== 'function') {
      throw new WeftError('WEFT_ERR_INVALID', `cluster.reduce: combine must be a function, got ${show(combine)}`);
    }
    const { initial, ...rest } = options ?? {};
    let all = initial;
    let empty = !Object.hasOwn(options, 'initial');
    let index = 0;
    for await (const result of this.#stream('reduce', kernel, chunks, rest)) {
      all = empty ? result : await combine(all, result, index);
      empty = false;
      index++;
    }
    if (empty) throw new WeftError('WEFT_ERR_INVALID', 'cluster.reduce: there is no chunk, and no initial value');
    return all;
  }

  /**
   * Waits for what is running, then leaves the engine. Closing twice is the same as once.
   *
   * @param {object} [options]
   * @param {boolean} [options.cancel]  true: fail what is running with `WEFT_ERR_CANCELLED`
   * @returns {Promise<void>}
   */
  close({ cancel = false } = {}) {
    if (cancel) {
      const reason = new WeftError('WEFT_ERR_CANCELLED', 'cancelled by cluster.close({ cancel: true })');
      for (const { end } of this.#running) end.abort(reason);
    }
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  /** The same at the end of a block: `await using cluster = await connect(...)`. */
  [Symbol.asyncDispose]() {
    return this.close();
  }

  async #shutDown() {
    await Promise.all([...this.#running].map(({ over }) => over));
    await this.#engine.close();
  }

  /**
   * @param {string} method  @param {string} kernel  @param {Chunks} chunks
   * @param {MapOptions} options  @param {number} [ahead]
   */
  async *#stream(method, kernel, chunks, options, ahead) {
    check(options, method);
    const { signal, onProgress, inFlight = this.#engine.slots, inFlightBytes = 256 * MIB, attempts = 3, perJob = PER_JOB, reissueAfterMs } = options;
    if (typeof kernel !== 'string') {
      throw new WeftError('WEFT_ERR_INVALID', `cluster.${method}: the kernel must be the name of an exported function, got ${show(kernel)}`);
    }
    const any = /** @type {any} */ (chunks);
    if (typeof any?.[Symbol.asyncIterator] !== 'function' && (typeof any === 'string' || typeof any?.[Symbol.iterator] !== 'function')) {
      throw new WeftError('WEFT_ERR_INVALID', `cluster.${method}: the chunks must be an array, or anything else that can be iterated; got ${show(chunks)}`);
    }
    if (this.#closed) throw new WeftError('WEFT_ERR_CLOSED', 'this cluster is closed');
    this.#engine.find(kernel);
    signal?.throwIfAborted();
    const end = new AbortController(); // by the signal, or by close
    setMaxListeners(0, end.signal); // while Redis is full, each chunk in flight listens
    const abort = () => end.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    const settings = { signal: end.signal, onProgress, inFlight, inFlightBytes, attempts, perJob, reissueAfterMs, ahead: ahead ?? AHEAD * inFlight };
    /** @type {() => void} */
    let tell = () => {};
    const running = {
      end,
      over: new Promise((resolve) => {
        tell = () => resolve(undefined);
      }),
    };
    this.#running.add(running);
    /** @type {Flow | undefined} */
    let flow;
    try {
      flow = new Flow(this.#engine, kernel, await this.#engine.begin(kernel, settings), settings);
      flow.feed(chunks);
      for (let index = 0; ; index++) {
        const outcome = await flow.result(index);
        if (outcome === END) break;
        yield resultOf(/** @type {Outcome} */ (outcome));
      }
      flow.conclude();
    } finally {
      await flow?.end();
      signal?.removeEventListener('abort', abort);
      this.#running.delete(running);
      tell();
    }
  }
}
