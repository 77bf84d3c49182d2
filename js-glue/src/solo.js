import { Control } from './control.js';
import { WeftError } from './errors.js';
import { Job } from './job.js';
import { readRange } from './task-thread.js';

const ISOLATION = 'a page gets it by being served with the headers "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"';

/** How long a slice of a loop should keep the event loop waiting. */
const SLICE_MS = 8;

/**
 * Why there are no workers, and how to get some.
 *
 * @param {number} threads  wanted
 * @param {unknown} refusal  what creating a worker, or sending the memory to it, threw
 * @param {string} [why]  there is no SharedArrayBuffer, where the host knows
 */
export function whyAlone(threads, refusal, why = ISOLATION) {
  if (threads === 0) return 'the option threads is 0: leave it out for one worker per CPU';
  if (refusal === undefined) {
    return `SharedArrayBuffer is missing, so memory cannot be sent to workers: ${why}`;
  }
  const { name, message } = /** @type {Error} */ (refusal);
  return name === 'DataCloneError'
    ? `this host does not send shared memory to workers (${message}): ${ISOLATION}`
    : `this host creates no workers (${name}: ${message}): allow them (a page: worker-src in its Content-Security-Policy; Node: --allow-worker)`;
}

/**
 * Runs the jobs of a runtime without workers: one after the other on the calling thread, each
 * in a turn of the event loop of its own.
 */
export class Solo {
  #scheduled = false;
  #running = false;
  #stopped = false;
  /** Somebody asked the workers to visit the event loop: there are modules to load. */
  #visit = false;
  #worker = 0;

  /**
   * @param {object} parts
   * @param {import('./host.js').Host} parts.host
   * @param {(name: string) => any} parts.find  an export of the main instance
   * @param {import('./guard.js').Guard} parts.guard  of the main instance
   * @param {import('./crew.js').Crew} parts.crew
   */
  constructor({ host, find, guard, crew }) {
    this.host = host;
    this.guard = guard;
    this.crew = crew;
    this.exported = find;
    /** Milliseconds that jobs have run. */
    this.busyMs = 0;
    crew.onDismiss = () => {
      this.#stopped = true;
    };
    /** @type {Record<string, Function>} */
    const replaced = {
      weft_js_submit: (/** @type {number} */ count, /** @type {number} */ lane) => {
        const taken = find('weft_js_submit')(count, lane);
        this.#schedule();
        return taken;
      },
      weft_js_visit: () => {
        this.#visit = true;
        this.#schedule();
      },
    };
    /** An export, as the rest of the runtime is to see it. @param {string} name */
    this.find = (name) => replaced[name] ?? find(name);
  }

  /** What a worker would have sent to the main thread. @param {{ type: string }} message */
  hear(message) {
    if (message.type === 'weft:imported') this.crew.onImported(message);
  }

  /**
   * Runs jobs at once until `done` holds.
   *
   * @param {() => boolean} done
   * @throws {WeftError} `WEFT_ERR_WOULD_BLOCK` inside of a job, and where one goes on on the
   *   event loop
   */
  runUntil(done) {
    while (!done()) {
      const blocked = this.#running || this.#visit || this.#stopped;
      const ran = blocked ? undefined : this.#turn();
      if (typeof ran === 'object') this.#finish(ran);
      if (ran !== true && !done()) {
        throw new WeftError('WEFT_ERR_WOULD_BLOCK',
          'callSync: without workers, a job that waits for the event loop, or that calls from inside a task, cannot be waited for: use call');
      }
    }
  }

  /**
   * A loop in slices, between which the event loop has its turn.
   *
   * @param {import('./runtime.js').Core} core
   * @param {import('./tasks.js').Range} range  @param {unknown} task  @param {any[]} args
   * @param {Control | undefined} control
   */
  async forEach({ jobs, tasks: modules, heap }, range, task, args, control) {
    const tasks = /** @type {import('./tasks.js').TaskModules} */ (modules);
    const { first, last, grain } = readRange(range);
    const { name, id } = tasks.loop(range, task);
    const holdings = tasks.loop(range, task).convert(args);
    const end = performance.now() + (control?.timeoutMs ?? Infinity);
    let size = Math.max(1, grain);
    try {
      for (let at = first, next; at < last || at === first; at = next) {
        next = Math.min(last, at + size);
        const slice = tasks.loop([at, next], task);
        const before = this.busyMs;
        const left = Math.max(1, end - performance.now());
        const options = control && left < Infinity ? new Control({ timeoutMs: left }, control) : control;
        await new Job(jobs, name, options).begin(
          { name, id, convert: () => undefined, write: slice.write.bind(slice), read: () => undefined }, args);
        const factor = SLICE_MS / Math.max(this.busyMs - before, 0.1);
        size = Math.max(grain, 1, Math.floor(size * Math.min(factor, 4)));
        if (next === first) break; // an empty range
      }
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== 'WEFT_ERR_TIMEOUT') throw error;
      throw new WeftError('WEFT_ERR_TIMEOUT', `${name}: not done after ${control?.timeoutMs} ms`);
    } finally {
      if (holdings) heap.release(holdings);
    }
  }

  #schedule() {
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    this.host.later(() => {
      this.#scheduled = false;
      if (!this.#running && !this.#stopped) this.#run();
    });
  }

  #run() {
    if (this.#visit) {
      this.#visit = false;
      this.#finish(this.guard.load(this.#self()));
      return;
    }
    const ran = this.#turn();
    if (typeof ran === 'object') this.#finish(ran);
    else if (ran) this.#schedule();
  }

  #self() {
    return this.#worker ||= this.exported('weft_js_alone')();
  }

  /** @returns {boolean | Promise<void>}  false: there was no job; a promise: it goes on, on the event loop */
  #turn() {
    const begun = performance.now();
    this.#running = true;
    let ran;
    try {
      ran = this.guard.turn(this.#self());
    } catch (error) {
      this.#stopped = true;
      const { message } = /** @type {Error} */ (error);
      this.crew.onFailure(new WeftError('WEFT_ERR_WORKER', `the thread without workers failed: ${message}`, { cause: error }));
      return false;
    }
    this.busyMs += performance.now() - begun;
    if (typeof ran === 'object') return ran;
    this.#running = false;
    if (ran) this.crew.onSignal();
    return ran;
  }

  /** @param {Promise<unknown>} promise */
  #finish(promise) {
    this.#running = true;
    const goOn = () => {
      this.#running = false;
      this.crew.onSignal(); // the job may have failed, and be done
      this.#schedule();
    };
    promise.then(goOn, goOn);
  }
}
