import { WeftError } from './errors.js';
import { Failure } from './outcome.js';
import { isOurs } from './protocol.js';

/** From weft_js_hold: wherever the worker is, another one can go on in its place. */
const MAY_END = 2;

/** Workers that may die in one place before one of them gets to its loop. */
const LOSSES_MAX = 5;

/**
 * What is known of a worker.
 * @typedef {object} Member
 * @property {import('./host.js').ThreadWorker} worker
 * @property {number} address  of the record of C while it is in its loop, else 0
 * @property {number} losses  of workers in this place, since one of them was ready
 * @property {boolean} follows  and has not come to where the dead one was
 * @property {string} why  it ends; empty: not known yet
 * @property {Error | undefined} where
 */

/** The workers of one runtime, and what they report. */
export class Crew {
  /** @type {Map<import('./host.js').ThreadWorker, Member>} */
  #members = new Map();
  /** @type {import('./runtime.js').Core | undefined} */
  #core;
  #ready = 0;
  #dismissed = false;
  /** @type {(() => void)[]} called after every report */
  #waiting = [];

  /**
   * @param {object} listeners
   * @param {() => void} listeners.onSignal  jobs have finished
   * @param {(error: WeftError) => void} listeners.onFailure  a worker is lost
   */
  constructor({ onSignal, onFailure }) {
    this.onSignal = onSignal;
    this.onFailure = onFailure;
    /** Called when the runtime ends; without workers the loop in its place stops. */
    this.onDismiss = () => {};
    /** What the host threw when it refused to create a worker, or to send it the memory.
     * @type {unknown} */
    this.refused = undefined;
    /** @type {(worker: import('./host.js').ThreadWorker, message: any) => void} */
    this.onThread = () => {};
    /** A worker has ended that ran no thread. @type {(worker: import('./host.js').ThreadWorker) => void} */
    this.onIdleLost = () => {};
    /** A worker has loaded a module of tasks, or failed to. @type {(message: any) => void} */
    this.onImported = () => {};
  }

  /** @param {import('./host.js').ThreadWorker} worker */
  add(worker) {
    const member = { worker, address: 0, losses: 0, follows: false, why: '', where: undefined };
    this.#members.set(worker, member);
    worker.onMessage((message) => {
      if (!this.#dismissed && this.#members.has(worker) && isOurs(message)) this.#hear(member, message);
    });
    worker.onEnd((reason, cause) => {
      if (!this.#dismissed && this.#members.has(worker)) this.#over(member, member.why || `a worker thread ended: ${reason}`, member.where ?? cause);
    });
    return worker;
  }

  /** The runtime works from here on. @param {import('./runtime.js').Core} core */
  serve(core) {
    this.#core = core;
  }

  /** Workers that have entered their loop. */
  get ready() {
    return this.#ready;
  }

  /** Workers that are in their loop. */
  get present() {
    let count = 0;
    for (const { address } of this.#members.values()) count += Number(address !== 0);
    return count;
  }

  /** True when threads run that are no workers of weft's, nor about to become one. */
  get others() {
    return [...this.#members.values()].some(({ worker, address }) => worker.runs && address === 0);
  }

  /**
   * Resolves once `condition` holds after a report of a worker; never if it never does.
   *
   * @param {() => boolean} condition
   * @returns {Promise<void>}
   */
  until(condition) {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting = this.#waiting.filter((other) => other !== check);
        resolve();
      };
      this.#waiting.push(check);
    });
  }

  /** Ends the workers, whose threads have ended. */
  retire() {
    for (const worker of this.#members.keys()) {
      this.#members.delete(worker);
      this.onIdleLost(worker);
      worker.terminate();
    }
  }

  /** Ends every worker, whatever it is doing. */
  async dismiss() {
    this.#dismissed = true;
    this.onDismiss();
    const workers = [...this.#members.keys()];
    this.#members.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /**
   * Ends the worker that is inside a job which does not end, and lets another go on in its
   * place ("Successors" in wasm/ABI.md).
   *
   * @param {number} index  @param {number} slot  of the job
   * @returns {boolean}  true: it is held, to be ended at a later look
   */
  end(index, slot) {
    const { engine, jobs } = /** @type {import('./runtime.js').Core} */ (this.#core);
    const why = `${jobs.title(slot)} ran on after its end, and heeded no cancellation`;
    if (!engine.follow) {
      this.#lose(`${why}; a thread of Emscripten cannot be replaced, one of the wasi flavour can`);
      return false;
    }
    for (const member of this.#members.values()) {
      if (member.address === 0 || engine.find('weft_worker_index')(member.address) !== index) continue;
      const hold = member.why || member.follows ? 0 : engine.find('weft_js_hold')(index, slot);
      if (hold === MAY_END) {
        member.why = why;
        member.worker.terminate();
      }
      return hold !== 0;
    }
    return false;
  }

  /**
   * A worker has ended.
   *
   * @param {Member} member  @param {string} why  @param {unknown} cause
   */
  #over({ worker, address, losses }, why, cause) {
    const core = this.#core;
    if (!core || (worker.runs && address === 0)) return this.#lose(why, cause); // it was starting
    const { engine, jobs } = core;
    if (engine.follow && !worker.runs) {
      this.#members.delete(worker);
      return this.onIdleLost(worker);
    }
    if (!engine.follow || losses === LOSSES_MAX || !engine.find('weft_js_followable')(engine.find('weft_worker_index')(address))) {
      return this.#lose(why, cause);
    }
    const slot = engine.find('weft_worker_slot')(address) >>> 0;
    if (slot !== 0) core.watchdog().fail(slot, new Failure('WEFT_ERR_WORKER', `${jobs.title(slot)}: ${why}`, cause));
    else if (cause !== undefined) core.host.warn?.(`${why}; another takes its place`, cause); // no call is there to tell
    try {
      this.#members.delete(worker);
      const next = this.#members.get(/** @type {any} */ (engine.follow(worker)));
      if (next) Object.assign(next, { address, losses: losses + 1, follows: true });
    } catch (error) {
      this.#lose(`${why}; and no worker can be created in its place`, error);
    }
  }

  /** @param {Member} member  @param {any} message */
  #hear(member, message) {
    const { worker } = member;
    const { type } = message;
    if (type === 'weft:ready') {
      member.address = message.worker;
      member.losses = 0;
      member.follows = false;
      this.#ready++;
    } else if (type === 'weft:ended') {
      member.address = 0;
    } else if (type === 'weft:exiting') {
      member.why = `process.exit(${message.code}) was called`;
      member.where = Object.assign(new Error(message.error.message), message.error);
    } else if (type === 'weft:signal') this.onSignal();
    else if (type === 'weft:imported') this.onImported(message);
    else if (type === 'weft:failed') {
      const { error } = /** @type {any} */ (message);
      this.#lose(`a worker thread failed: ${error.name}: ${error.message}`, error);
    } else if (type === 'weft:exited' || type === 'weft:spawn') this.onThread(worker, message);
    else if (type !== 'weft:loaded') this.#lose(`a worker sent an unknown message ${type}`);
    for (const check of [...this.#waiting]) check();
  }

  /** @param {string} reason  @param {unknown} [cause] */
  #lose(reason, cause) {
    this.onFailure(new WeftError('WEFT_ERR_WORKER', reason, { cause }));
  }
}
