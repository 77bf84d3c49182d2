import { hostname } from 'node:os';
import { WeftError } from '../errors.js';
import { showAs } from '../inspect.js';
import { mustKnow, show } from '../show.js';
import { readRedisOptions } from './connect.js';
import { execute } from './execute.js';
import { RESULT_INLINE, RESULT_SECONDS, isPassing, reasonOf } from './job.js';
import { PAYLOAD_VERSION, decodeChunk, encodeOutcome } from './payload.js';
import { clientOf, closeAll, connectionOf, keysOf, loadBullmq, placeOf, untilConnected } from './redis.js';
import { Runtimes } from './runtimes.js';
import { readModule } from './source.js';

/**
 * @typedef {object} WorkerOptions
 * @property {string | URL | object} connection  as connect takes it
 * @property {string} [queue]  default `weft`
 * @property {string} [prefix]  as connect takes it
 * @property {number} [connectTimeoutMs]  default 10000
 * @property {number} [concurrency]  chunks at once, 1 to 64; default 2: while one is computed, the
 *   next travels. All of them share the threads
 * @property {number} [threads]  of the runtime; default: the CPUs
 * @property {number} [memoryBytes]  of the runtime, up to 4 GiB; default 1 GiB
 * @property {URL | string | ArrayBuffer | ArrayBufferView} [module]  the only module that this worker
 *   runs; default: any that a caller brings
 * @property {number} [recoverMs]  a chunk whose worker is silent for so long is given to another;
 *   default 15000, the same for all workers of a queue
 * @property {(line: string) => void} [log]  default: nowhere
 */

const OPTIONS = ['connection', 'queue', 'prefix', 'connectTimeoutMs', 'concurrency', 'threads', 'memoryBytes', 'module', 'recoverMs', 'log'];

/** How long it may take until a worker sees that nobody wants its chunk. */
const LOOK_MS = 1000;

/** A chunk that has lost so many workers is not given to another. */
const STALLED_MOST = 5;

/** @param {any} options */
function check(options) {
  /** @type {(message: string) => never} */
  const refuse = (message) => {
    throw new WeftError('WEFT_ERR_INVALID', `startWorker: ${message}`);
  };
  if (typeof options !== 'object' || options === null) refuse(`the options must be an object, got ${show(options)}`);
  mustKnow('startWorker', options, OPTIONS);
  const { concurrency = 2, recoverMs = 15_000, threads, memoryBytes, module, log = () => {} } = options;
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64)) refuse(`concurrency must be an integer from 1 to 64, got ${show(concurrency)}`);
  if (!(Number.isInteger(recoverMs) && recoverMs >= 100 && recoverMs < 2 ** 31)) refuse(`recoverMs must be an integer from 100 on, got ${show(recoverMs)}`);
  if (typeof log !== 'function') refuse(`log must be a function, got ${show(log)}`);
  return { ...readRedisOptions(options, 'startWorker'), concurrency, recoverMs, threads, memoryBytes, module, log };
}

/**
 * A map, as a worker knows it.
 * @typedef {object} Caller
 * @property {number} at  when it was looked for
 * @property {Promise<import('./job.js').RunData | undefined>} data  nothing: it seems to be gone
 * @property {boolean} gone  what runs for it is cancelled
 * @property {Set<import('../job.js').Job>} jobs  that run
 * @property {number} busy  jobs of BullMQ
 */

/** @param {Caller} caller */
function end(caller) {
  caller.gone = true;
  for (const job of caller.jobs) job.cancel();
}

/** Its result; it is cancelled when the caller is gone. @param {Caller} caller  @param {import('../job.js').Job} job */
async function watched({ jobs, gone }, job) {
  if (gone) job.cancel();
  jobs.add(job);
  try {
    return await job.promise;
  } finally {
    jobs.delete(job);
  }
}

/** What went wrong with one chunk of a job. */
class ChunkError extends Error {
  /** @param {number} index  @param {any} cause */
  constructor(index, cause) {
    super(`chunk ${index}`, { cause });
    this.index = index;
    /** @type {any} */
    this.cause = cause;
  }
}

/**
 * Promise.all, but a failure waits for the rest: until then they use the runtime.
 *
 * @template T
 * @param {Promise<T>[]} promises
 * @returns {Promise<T[]>}
 */
async function all(promises) {
  try {
    return await Promise.all(promises);
  } catch (error) {
    await Promise.allSettled(promises);
    throw error;
  }
}

/** Which maps still have a caller. */
class Callers {
  /** @type {Map<string, Caller>} */
  #runs = new Map();
  /** @type {NodeJS.Timeout} */
  #timer;

  /** @param {() => Promise<any>} client  @param {ReturnType<typeof keysOf>} keys */
  constructor(client, keys) {
    this.client = client;
    this.keys = keys;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** What is known of a map, by an answer of less than a second ago. @param {string} run  @returns {Caller} */
  get(run) {
    const now = performance.now();
    let known = this.#runs.get(run);
    if (!known || (known.gone && known.busy === 0)) {
      known = { at: -Infinity, data: Promise.resolve(undefined), gone: false, jobs: new Set(), busy: 0 };
      this.#runs.set(run, known);
    }
    if (now - known.at > LOOK_MS) {
      known.at = now;
      known.data = this.client().then((client) => client.get(this.keys.run(run))).then((text) => text && JSON.parse(text));
      known.data.catch(() => {});
    }
    return known;
  }

  #look() {
    for (const [run, { at, busy }] of this.#runs) {
      if (busy === 0) {
        if (performance.now() - at > 60 * LOOK_MS) this.#runs.delete(run);
        continue;
      }
      const known = this.get(run);
      known.data.then((data) => {
        if (!data) end(known);
      }, () => {}); // out of reach: it is not known
    }
  }

  close() {
    clearInterval(this.#timer);
  }
}

/** Takes chunks from a queue of BullMQ. Made by startWorker. */
export class ClusterWorker {
  static name = 'ClusterWorker'; // in the package, too, where names are short

  static {
    showAs(this.prototype, 'ClusterWorker', (worker) => {
      const { settings: { queue, connection }, done } = worker;
      return { queue, place: placeOf(connection), running: worker.#running, done, closed: worker.#closed !== undefined };
    });
  }

  #done = 0;
  #running = 0;
  /** @type {any} of BullMQ */
  #worker;
  /** @type {Promise<void> | undefined} */
  #closed;
  #online = true;

  /**
   * @param {ReturnType<typeof check>} settings  @param {any} Worker  of BullMQ
   * @param {any} UnrecoverableError  of BullMQ
   * @param {import('./source.js').ModuleSource | undefined} only  the module that it is bound to
   */
  constructor(settings, Worker, UnrecoverableError, only) {
    const { queue, prefix, concurrency, recoverMs, connection, threads, memoryBytes, log } = settings;
    this.settings = settings;
    this.only = only;
    this.UnrecoverableError = UnrecoverableError;
    this.keys = keysOf(settings);
    const worker = new Worker(queue, (/** @type {any} */ job) => this.#process(job), {
      connection: connectionOf(connection),
      prefix, concurrency,
      name: `${hostname()}-${process.pid}`,
      lockDuration: recoverMs,
      stalledInterval: Math.max(50, Math.floor(recoverMs / 2)),
      maxStalledCount: STALLED_MOST,
      runRetryDelay: 1000,
      autorun: false,
    });
    this.#worker = worker;
    this.client = () => clientOf(worker);
    this.callers = new Callers(this.client, this.keys);
    this.runtimes = new Runtimes((digest) => this.#fetch(digest), { threads, memoryBytes }, log);
    worker.on('error', (/** @type {any} */ error) => this.#onError(error));
    worker.on('ready', () => this.#onReady());
    worker.on('failed', (/** @type {any} */ job, /** @type {any} */ error) => log(`${job?.name} failed: ${error?.message}`));
    worker.on('stalled', (/** @type {string} */ id) => log(`job ${id} has lost its worker; it is given to another`));
  }

  /** Chunks computed so far. */
  get done() {
    return this.#done;
  }

  run() {
    this.#worker.run().catch((/** @type {any} */ error) => this.#onError(error));
  }

  /** @returns {any} */
  get queue() {
    return this.#worker;
  }

  /** @param {any} error  BullMQ tells the same one often */
  #onError(error) {
    const lost = /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|Connection is closed|Socket timeout/.test(String(error?.code ?? error?.message));
    if (!lost) this.settings.log(String(error?.message ?? error));
    else if (this.#online) this.settings.log(`Redis at ${placeOf(this.settings.connection)} is lost (${error.code ?? error.message}); trying again`);
    if (lost) this.#online = false;
  }

  #onReady() {
    if (!this.#online) this.settings.log('Redis is back');
    this.#online = true;
  }

  /** @param {string} digest  @returns {Promise<Uint8Array | undefined>} */
  async #fetch(digest) {
    if (this.only) return this.only.bytes;
    return (await (await this.client()).getBuffer(this.keys.module(digest))) ?? undefined;
  }

  /** @param {any} job  @returns {Promise<import('./job.js').JobResult>} */
  async #process(job) {
    const data = job.data ?? {};
    this.#running++;
    try {
      return await this.#compute(job.name, data);
    } catch (error) {
      if (error instanceof ChunkError) throw this.#failure(error.cause, reasonOf(error.cause, error.index));
      if (error instanceof WeftError) throw this.#failure(error, `${error.code}: ${error.message}`);
      throw error; // of Redis: BullMQ's to deal with
    } finally {
      this.#running--;
    }
  }

  /** What BullMQ is told. @param {any} error  @param {string} reason */
  #failure(error, reason) {
    const Kind = isPassing(error) ? Error : this.UnrecoverableError;
    const failure = new Kind(reason);
    failure.stack = String(error.cause?.stack ?? error.stack);
    return failure;
  }

  /** @param {string} kernel  @param {import('./job.js').JobData} data */
  async #compute(kernel, data) {
    const { run, chunks } = data;
    if (data.weft !== PAYLOAD_VERSION) {
      throw new WeftError('WEFT_ERR_MODULE',
        `the caller speaks version ${data.weft} of weft/cluster, this worker version ${PAYLOAD_VERSION}: install the same weft on both`);
    }
    const caller = this.callers.get(run);
    const known = await caller.data;
    if (!known) return { again: 'its caller seemed to be gone' };
    const { module: digest, most } = known;
    if (this.only && this.only.digest !== digest) {
      throw new WeftError('WEFT_ERR_MODULE',
        `this worker runs module ${this.only.digest.slice(0, 12)} alone, the caller has ${String(digest).slice(0, 12)}: they are not of the same build`);
    }
    const [[index, inline]] = chunks;
    const payloads = typeof inline === 'string' ? chunks.map(([, base64]) => Buffer.from(String(base64), 'base64'))
      : [await (await this.client()).getBuffer(this.keys.chunk(run, index))];
    if (payloads[0] === null) return { again: 'the chunk was not in Redis' };
    caller.busy++;
    try {
      let begun = 0;
      const results = await this.runtimes.with(digest, (rt) => {
        begun = performance.now();
        const call = (/** @type {any[]} */ values) => watched(caller, rt.start(kernel, ...values));
        return all(payloads.map(async (bytes, i) => {
          const [number] = chunks[i];
          try {
            return await this.#answer(run, number, encodeOutcome(await execute(rt, decodeChunk(bytes), call)), most);
          } catch (error) {
            throw new ChunkError(number, error);
          }
        }));
      });
      if (results === undefined) return { again: 'the module was not in Redis' };
      return { results, ms: Math.ceil(1000 * (performance.now() - begun)) / 1000 };
    } catch (error) {
      if (caller.gone) return { again: 'its caller seemed to be gone' };
      throw error;
    } finally {
      caller.busy--;
    }
  }

  /** @param {string} run  @param {number} index  @param {Buffer} bytes  @param {number} most */
  async #answer(run, index, bytes, most) {
    this.#done++;
    if (bytes.length <= RESULT_INLINE) return bytes.toString('base64');
    if (bytes.length > most) {
      throw new WeftError('WEFT_ERR_LIMIT', `the result has ${bytes.length} bytes, at most ${most} travel: cut the chunk smaller, or raise chunkBytesMax`);
    }
    await (await this.client()).set(this.keys.result(run, index), bytes, 'EX', RESULT_SECONDS);
    return bytes.length;
  }

  /**
   * Takes no more chunks, waits for those that it has, and ends. Closing twice is the same as once.
   *
   * @param {object} [options]
   * @param {boolean} [options.cancel]  true: does not wait; other workers get the chunks
   * @returns {Promise<void>}
   */
  close({ cancel = false } = {}) {
    this.#closed ??= this.#shutDown(cancel);
    return this.#closed;
  }

  /**
   * Waits for the chunks that run. Where Redis stays away, nobody can be told their results: after
   * recoverMs they are other workers' anyway.
   */
  async #drain() {
    const client = await this.client();
    let lost = Infinity;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const given = new Promise((resolve) => {
      timer = setInterval(() => {
        lost = client.status === 'ready' ? Infinity : Math.min(lost, performance.now());
        if (performance.now() - lost < (this.#running > 0 ? this.settings.recoverMs : LOOK_MS)) return;
        this.settings.log(`Redis at ${placeOf(this.settings.connection)} stays out of reach: ends without it`);
        resolve(undefined);
      }, LOOK_MS / 4);
    });
    try {
      await Promise.race([this.#worker.close(), given]);
    } finally {
      clearInterval(timer);
    }
  }

  /** @param {boolean} cancel */
  async #shutDown(cancel) {
    if (!cancel) await this.#drain();
    await closeAll([this.#worker], true);
    this.callers.close();
    await this.runtimes.close();
  }
}

/**
 * Starts to take chunks from a queue; what `npx weft worker` does, for a program of one's own.
 *
 * @param {WorkerOptions} options
 * @returns {Promise<ClusterWorker>}  once it is connected
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_MODULE`, `WEFT_ERR_ENGINE`, `WEFT_ERR_UNSUPPORTED`
 */
export async function startWorker(options) {
  const settings = check(options);
  const { Worker, UnrecoverableError } = await loadBullmq();
  const only = settings.module === undefined ? undefined : await readModule(settings.module);
  const worker = new ClusterWorker(settings, Worker, UnrecoverableError, only);
  try {
    await untilConnected(worker.queue, settings);
    await worker.client();
  } catch (error) {
    await worker.close({ cancel: true });
    throw error;
  }
  worker.run();
  return worker;
}
