import { WeftError } from '../errors.js';
import { BullmqRun, cut } from './bullmq-run.js';
import { failureOf } from './job.js';
import { PAYLOAD_VERSION, decodeOutcome } from './payload.js';
import { clientOf, closeAll, connectionOf, engineError, isFull, keysOf, loadBullmq, placeOf, untilConnected } from './redis.js';
import { mustExport, readModule } from './source.js';
import { Directory } from './window.js';

/** Chunks in flight: nobody knows how many workers there are, or will be. */
const SLOTS = 64;

/** How long chunks outlive their caller, and how often it says that it is alive. */
const LEASE_MS = 45_000;
const TICK_MS = 3000;

/**
 * While workers have enough to do, chunks are sent so many at a time: to write to a socket costs
 * more than anything else of a chunk. None is held for longer than HOLD_MS.
 */
const BATCH = 16;
const HOLD_MS = 10;

/** A module stays so long after its last use. */
const MODULE_SECONDS = 7 * 24 * 3600;

/** Failed jobs are left for people to look at. */
const KEEP_FAILED = { age: 24 * 3600, count: 1000 };

/** Between the attempts of a job, in ms. */
const BACKOFF = 500;

const RETRY_LEAST_MS = 100;
const RETRY_MOST_MS = 2000;
const AGAIN_MOST = 50;

/** @typedef {import('./bullmq-run.js').Entry} Entry */

/**
 * A job of BullMQ.
 * @typedef {object} Parcel
 * @property {string} id
 * @property {BullmqRun} run
 * @property {Entry[]} entries
 * @property {number} left  that have no outcome
 * @property {boolean} added
 * @property {boolean} started  a worker has it
 * @property {number} missing  ticks at which there was no such job
 */

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Those that are on their way in this job, and in no other. @param {Parcel} parcel */
const still = (parcel) => parcel.entries.filter((entry) => entry.parcel === parcel);

/** Workers behind BullMQ; a queue of jobs, each a chunk or several short ones. */
export class BullmqEngine {
  slots = SLOTS;
  retries = true; // BullMQ does: a job has attempts, and a stalled one is given to another worker
  /** @type {Directory<Parcel>} by the id of the job */
  #parcels = new Directory();
  /** @type {Entry[]} to be added */
  #held = [];
  /** @type {NodeJS.Timeout | undefined} */
  #holding;
  /** @type {NodeJS.Immediate | undefined} */
  #flushing;
  /** Entries without an outcome, and those of them that a worker has. */
  #open = 0;
  #started = 0;
  /** @type {Set<BullmqRun>} */
  #runs = new Set();
  #closing = false;
  #ticking = false;
  #contactAt = performance.now();
  #movedAt = performance.now();
  /** @type {any} */
  #trouble;

  /**
   * @param {import('./redis.js').RedisSettings} settings
   * @param {import('./source.js').ModuleSource} module
   * @param {{ queue: any, events: any, client: any }} link
   */
  constructor(settings, module, { queue, events, client }) {
    this.settings = settings;
    this.module = module;
    this.queue = queue;
    this.events = events;
    this.client = client;
    this.place = placeOf(settings.connection);
    this.keys = keysOf(settings);
    for (const object of [queue, events]) {
      object.on('error', (/** @type {any} */ error) => {
        this.#trouble = error;
      });
    }
    events.on('active', (/** @type {any} */ { jobId }) => this.#onActive(jobId));
    events.on('completed', (/** @type {any} */ { jobId, returnvalue }) => this.#onCompleted(jobId, returnvalue));
    events.on('failed', (/** @type {any} */ { jobId, failedReason }) => this.#onFailed(jobId, failedReason));
    this.timer = setInterval(() => this.#tick(), Math.min(TICK_MS, settings.patienceMs / 5));
    this.timer.unref();
  }

  /** @param {string} kernel */
  find(kernel) {
    mustExport(this.module.functions, kernel);
  }

  describe() {
    return Object.freeze({ engine: 'bullmq', place: this.place, queue: this.settings.queue, module: this.module.digest, functions: this.module.functions });
  }

  /** @param {string} kernel  @param {import('./flow.js').FlowSettings} settings */
  async begin(kernel, settings) {
    const run = new BullmqRun(this, kernel, settings);
    if (this.#runs.size === 0) this.#contactAt = this.#movedAt = performance.now();
    this.#runs.add(run);
    this.timer.ref();
    try {
      await this.#patiently(() => this.#renew([run]), settings.signal);
    } catch (error) {
      await this.endRun(run);
      throw error;
    }
    return run;
  }

  /** @param {BullmqRun} run  @param {import('./flow.js').Issue} issue */
  issue(run, issue) {
    return new Promise((resolve, reject) => {
      const entry = { run, issue, parcel: undefined, again: 0, stored: false, ended: false, resolve, reject };
      this.#open++;
      issue.ending.onEnd(() => this.#drop(entry));
      this.#add(entry);
    });
  }

  /** @param {Entry} entry */
  #add(entry) {
    if (entry.issue.packed.inline === undefined) {
      this.#send([entry]);
      return;
    }
    this.#held.push(entry);
    this.#holding ??= setTimeout(() => this.#flush(), HOLD_MS);
    this.#consider();
  }

  /** Adds what is held, unless workers have enough without it. */
  #consider() {
    const held = this.#held.length;
    if (held === 0 || this.#flushing) return;
    const queued = this.#open - this.#started - held;
    if (held < BATCH && queued >= BATCH && queued >= this.#open / 2) return;
    this.#flushing = setImmediate(() => this.#flush()); // with all that this turn brings
  }

  /**
   * Adds what is held, in one write. With addBulk it would be one too, but to make a pipeline of
   * ioredis costs as much as ten jobs, and a lost connection fails it as a whole.
   */
  #flush() {
    clearTimeout(this.#holding);
    clearImmediate(this.#flushing);
    this.#holding = this.#flushing = undefined;
    const lists = cut(this.#held.splice(0));
    const { stream } = this.client; // none while it connects
    if (lists.length > 1) {
      stream?.cork();
      setImmediate(() => stream?.uncork());
    }
    for (const entries of lists) this.#send(entries);
  }

  /** @param {Entry[]} entries  of one map; if there are several, each is short */
  async #send(entries) {
    const [{ run }] = entries;
    const parcel = { id: run.nextJob(), run, entries, left: entries.length, added: false, started: false, missing: 0 };
    for (const entry of entries) entry.parcel = parcel;
    this.#parcels.add(parcel.id, parcel);
    try {
      await this.#put(parcel);
    } catch (error) {
      if (!isFull(error)) return this.#rejectAll(parcel, engineError(error, this.place));
      const end = new AbortController();
      for (const { issue } of entries) issue.ending.onEnd(() => parcel.left === 0 && end.abort());
      try {
        await this.#patiently(() => this.#put(parcel), end.signal);
      } catch (last) {
        this.#rejectAll(parcel, last);
      }
    }
  }

  /** @param {Parcel} parcel */
  async #put(parcel) {
    const { id, run, entries } = parcel;
    if (parcel.left === 0) return;
    const { issue: { index, packed } } = entries[0];
    const stored = packed.inline === undefined && !packed.stored
      ? this.client.set(this.keys.chunk(run.id, index), packed.bytes, 'PX', LEASE_MS * 4).then(() => {
        packed.stored = true;
      }) : undefined;
    const added = this.queue.add(run.kernel, {
      weft: PAYLOAD_VERSION, run: run.id, chunks: entries.map(({ issue }) => [issue.index, issue.packed.inline]),
    }, {
      jobId: id, attempts: run.settings.attempts, backoff: BACKOFF, removeOnComplete: true, removeOnFail: KEEP_FAILED,
    });
    await (stored ? Promise.all([added, stored]) : added);
    parcel.added = true;
  }

  /**
   * Tries again while Redis is full, or out of reach, up to the limit of patience.
   *
   * @param {() => Promise<void>} action
   * @param {AbortSignal} signal
   */
  async #patiently(action, signal) {
    signal.throwIfAborted();
    /** @type {() => void} */
    let onAbort = () => {};
    let timer;
    const ended = new Promise((_, reject) => {
      onAbort = () => reject(signal.reason);
      timer = setTimeout(() => reject(this.#lost()), this.settings.patienceMs);
    });
    ended.catch(() => {});
    signal.addEventListener('abort', onAbort);
    try {
      for (let wait = RETRY_LEAST_MS; ; wait = Math.min(RETRY_MOST_MS, wait * 2)) {
        try {
          return await Promise.race([action(), ended]);
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          if (this.#closing || !isFull(error) || error instanceof WeftError) throw engineError(error, this.place);
          this.#trouble = error;
        }
        await Promise.race([pause(wait), ended]);
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #lost() {
    const said = this.#trouble ? String(this.#trouble.message || this.#trouble.code) : 'no answer';
    return isFull(this.#trouble) ? engineError(this.#trouble, this.place)
      : new WeftError('WEFT_ERR_ENGINE', `Redis at ${this.place} is out of reach for ${this.settings.patienceMs} ms: ${said}`, { cause: this.#trouble });
  }

  /** @param {string} id */
  #onActive(id) {
    const parcel = this.#parcels.get(id);
    if (!parcel) return;
    this.#movedAt = performance.now();
    if (parcel.started) return;
    parcel.started = true;
    this.#started += parcel.left;
    for (const { issue } of parcel.entries) issue.started();
    this.#consider();
  }

  /** @param {string} id  @param {import('./job.js').JobResult} result */
  #onCompleted(id, result) {
    const parcel = this.#parcels.get(id);
    if (!parcel) return;
    this.#movedAt = performance.now();
    const { run, entries } = parcel;
    const { results, ms, again = 'its result cannot be read' } = result ?? {};
    if (results?.length !== entries.length) return this.#allAgain(parcel, again);
    run.learn(Number(ms) / entries.length);
    results.forEach((one, i) => {
      const entry = entries[i];
      if (entry.parcel !== parcel) return;
      if (typeof one === 'string') this.#settle(entry, () => entry.resolve(decodeOutcome(Buffer.from(one, 'base64'))));
      else this.#fetch(entry);
    });
  }

  /** @param {Entry} entry  whose result is under a key of its own */
  async #fetch(entry) {
    entry.stored = true;
    try {
      const bytes = await this.client.getBuffer(this.keys.result(entry.run.id, entry.issue.index));
      if (bytes === null) return this.#again(entry, 'its result is not there');
      this.#settle(entry, () => entry.resolve(decodeOutcome(bytes)));
    } catch (error) {
      this.#settle(entry, () => entry.reject(engineError(error, this.place)));
    }
  }

  /** @param {string} id  @param {string} reason */
  #onFailed(id, reason) {
    const parcel = this.#parcels.get(id);
    this.#movedAt = performance.now();
    if (!parcel) return;
    const { error, index } = failureOf(reason);
    const culprit = still(parcel).find(({ issue }) => issue.index === index);
    if (!culprit) return this.#rejectAll(parcel, error);
    this.#settle(culprit, () => culprit.reject(error));
    this.#allAgain(parcel, 'another chunk of its job failed'); // the others, each by itself
  }

  /** @param {Parcel} parcel  @param {unknown} error */
  #rejectAll(parcel, error) {
    for (const entry of still(parcel)) this.#settle(entry, () => entry.reject(error));
  }

  /** @param {Parcel} parcel  @param {string} why */
  #allAgain(parcel, why) {
    for (const entry of still(parcel)) this.#again(entry, why);
  }

  /** The entry is on its way no more. @param {Entry} entry */
  #leave(entry) {
    const { parcel } = entry;
    if (!parcel) return;
    entry.parcel = undefined;
    if (--parcel.left === 0) this.#parcels.delete(parcel.id);
    if (!parcel.started) return;
    this.#started--;
    this.#consider();
  }

  /** Nothing was done: what the worker missed is put there, and the job is added once more. @param {Entry} entry  @param {string} why */
  async #again(entry, why) {
    if (entry.ended) return;
    if (++entry.again > AGAIN_MOST) {
      this.#settle(entry, () => entry.reject(new WeftError('WEFT_ERR_ENGINE', `it came back ${entry.again} times with nothing done: ${why}`)));
      return;
    }
    entry.issue.packed.stored = false;
    this.#leave(entry);
    try {
      await this.#patiently(() => this.#renew([entry.run]), entry.run.settings.signal);
    } catch (error) {
      this.#settle(entry, () => entry.reject(error));
      return;
    }
    if (entry.again > 1) await pause(Math.min(RETRY_MOST_MS, RETRY_LEAST_MS * entry.again));
    this.#add(entry);
  }

  /** @param {Entry} entry  @param {() => void} tell */
  #settle(entry, tell) {
    if (entry.ended) return;
    entry.ended = true;
    this.#open--;
    this.#leave(entry);
    try {
      tell();
    } catch (error) {
      entry.reject(error);
    }
  }

  /** Nobody wants the chunk any more. @param {Entry} entry */
  #drop(entry) {
    const { issue: { index, packed }, run, parcel } = entry;
    if (!entry.ended) {
      entry.stored = true; // perhaps
      this.#settle(entry, () => entry.reject(new WeftError('WEFT_ERR_CANCELLED', 'not wanted any more')));
      if (parcel?.left === 0 && !this.#closing) this.queue.remove(parcel.id).catch(() => {}); // unless a worker has it
    }
    const { keys } = this;
    const left = [...(entry.stored ? [keys.result(run.id, index)] : []), ...(packed.stored ? [keys.chunk(run.id, index)] : [])];
    if (left.length > 0 && !this.#closing) this.client.unlink(...left).catch(() => {});
  }

  /**
   * Says that these maps are alive, and that their module is wanted.
   *
   * @param {BullmqRun[]} runs
   */
  async #renew(runs) {
    const { client, keys, module } = this;
    const data = JSON.stringify({ module: module.digest, most: this.settings.chunkBytesMax });
    // Where the key is there, PEXPIRE works even while memory is full.
    await Promise.all(runs.map(async ({ id }) => {
      if ((await client.pexpire(keys.run(id), LEASE_MS)) === 0) await client.set(keys.run(id), data, 'PX', LEASE_MS);
    }));
    const key = keys.module(module.digest);
    if ((await client.expire(key, MODULE_SECONDS)) === 0) await client.set(key, module.bytes, 'EX', MODULE_SECONDS);
    this.#contactAt = performance.now();
  }

  /** Every few seconds, while there is a map: keeps it alive, and looks for what events did not tell. */
  async #tick() {
    const now = performance.now();
    if (this.#runs.size === 0) return;
    if (now - this.#contactAt > this.settings.patienceMs) this.#failAll(this.#lost());
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      await this.#renew([...this.#runs]);
      await this.#sweep();
      await this.#lookForWorkers();
    } catch (error) {
      this.#trouble = error;
    } finally {
      this.#ticking = false;
    }
  }

  /** An event may be lost with its connection; a job with the data of Redis. */
  async #sweep() {
    const waiting = this.#parcels.values().filter(({ added }) => added);
    if (waiting.length === 0) return;
    const pipeline = this.client.pipeline();
    for (const { id, run, entries: [{ issue }] } of waiting) {
      pipeline.hmget(this.keys.job(id), 'timestamp', 'processedOn', 'finishedOn', 'failedReason');
      if (issue.packed.stored) pipeline.pexpire(this.keys.chunk(run.id, issue.index), LEASE_MS * 4);
    }
    const replies = await pipeline.exec();
    for (const [error] of replies) if (error) throw error;
    const answers = replies.map((/** @type {any[]} */ [, answer]) => answer).filter(Array.isArray);
    waiting.forEach((parcel, i) => {
      const [timestamp, processedOn, finishedOn, failedReason] = answers[i] ?? [];
      if (timestamp === null) {
        // Its completion may be on the way; by the second time it is not.
        if (++parcel.missing >= 2) this.#allAgain(parcel, 'the job is gone');
        return;
      }
      parcel.missing = 0;
      if (processedOn) this.#onActive(parcel.id);
      if (finishedOn && failedReason) this.#onFailed(parcel.id, failedReason);
    });
  }

  async #lookForWorkers() {
    const { patienceMs, queue } = this.settings;
    if (this.#open === 0 || performance.now() - this.#movedAt < patienceMs) return;
    if ((await this.queue.getWorkersCount()) > 0) {
      this.#movedAt = performance.now();
      return;
    }
    this.#failAll(new WeftError('WEFT_ERR_TIMEOUT',
      `nobody has taken a chunk for ${patienceMs} ms: no worker listens to queue ${queue} of ${this.place}; start one by npx weft worker --redis URL`));
  }

  /** @param {WeftError} error */
  #failAll(error) {
    for (const parcel of this.#parcels.values()) this.#rejectAll(parcel, error);
    for (const entry of this.#held.splice(0)) this.#settle(entry, () => entry.reject(error));
  }

  /** @param {BullmqRun} run */
  async endRun(run) {
    this.#runs.delete(run);
    if (this.#runs.size === 0) this.timer.unref();
    // Workers that run chunks of it look for this key.
    const gone = this.client.unlink(this.keys.run(run.id)).catch(() => {});
    await Promise.race([gone, pause(1000)]);
  }

  async close() {
    this.#closing = true;
    clearInterval(this.timer);
    this.#failAll(new WeftError('WEFT_ERR_CLOSED', 'this cluster is closed'));
    this.#flush(); // drops what is held
    await closeAll([this.events, this.queue]);
  }
}

/**
 * @param {import('./redis.js').RedisSettings} settings
 * @param {unknown} module
 */
export async function openBullmq(settings, module) {
  const [{ Queue, QueueEvents }, source] = await Promise.all([loadBullmq(), readModule(module)]);
  const options = { connection: connectionOf(settings.connection), prefix: settings.prefix };
  const opened = [];
  try {
    const queue = new Queue(settings.queue, options);
    opened.push(queue);
    queue.on('error', () => {}); // each is told to whom it concerns
    await untilConnected(queue, settings);
    const client = await clientOf(queue);
    // Events from here on, whenever the reading of them begins.
    const [newest] = await client.xrevrange(keysOf(settings).job('events'), '+', '-', 'COUNT', 1);
    const events = new QueueEvents(settings.queue, { ...options, lastEventId: newest?.[0] ?? '0-0' });
    opened.push(events);
    events.on('error', () => {});
    await untilConnected(events, settings);
    return new BullmqEngine(settings, source, { queue, events, client });
  } catch (error) {
    await closeAll(opened);
    throw engineError(error, placeOf(settings.connection));
  }
}
