import { WeftError } from './errors.js';
import { showAs } from './inspect.js';
import { Failure, Rejection, titled } from './outcome.js';
import { ProgressReader } from './progress.js';

let last = 0;

/**
 * A call that can be watched and ended. Awaiting it gives what the call returns.
 *
 *     const job = rt.start('render', pixels);
 *     for await (const { done, total } of job.progress) draw(done / total);
 *     await job;
 *
 * @template [T=any]
 * @implements {PromiseLike<T>}
 */
export class Job {
  static name = 'Job'; // as in errors.js

  static {
    showAs(this.prototype, 'Job', ({ id, name, label, settled }) => ({ id, name, ...(label && { label }), settled }));
  }

  #jobs;
  #control;
  /** @type {any} */
  #timer;
  /** @type {import('./jobs.js').Queued | undefined} */
  #queued;
  /** @type {ProgressReader | undefined} */
  #progress;
  /** @type {(outcome: any) => void} */
  #resolve = () => {};
  /** @type {Promise<T>} */
  #promise;

  /**
   * @param {import('./jobs.js').Jobs} jobs
   * @param {string} name  of what it runs
   * @param {import('./control.js').Control | undefined} control
   */
  constructor(jobs, name, control) {
    this.#jobs = jobs;
    this.#control = control;
    this.#promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    /** A number that no other job of this process has. */
    this.id = ++last;
    this.name = name;
    this.label = control?.label ?? '';
    /** It has an outcome. */
    this.settled = false;
    /** Among the calls of its control; -1: it is not there. */
    this.place = -1;
    /** The address of its slot while it has one, else 0. */
    this.slot = 0;
  }

  /**
   * @param {import('./arguments.js').Callable} callable  @param {any[]} values
   * @returns {this}
   */
  begin(callable, values) {
    const control = this.#control;
    try {
      if (control?.signal?.aborted) throw control.signal.reason;
      const holdings = callable.convert(values);
      this.#queued = this.#jobs.begin(callable, values, holdings, this, control?.lane ?? 0);
    } catch (error) {
      this.settled = true;
      this.#resolve(new Rejection(error).raise());
      return this;
    }
    control?.add(this);
    if (control?.onProgress) this.#reader().listen(control.onProgress);
    const limit = control?.timeoutMs;
    if (limit !== undefined) {
      this.#timer = setTimeout(() => this.#abandon(new Failure('WEFT_ERR_TIMEOUT',
        `${titled(this.name, this)}: not done after ${limit} ms`)), limit);
    }
    return this;
  }

  /**
   * Ends the job: it rejects at once. What it runs is asked to stop, and goes on until it
   * asks (weft_checkpoint, weft_cancelled) or comes to the next slice of a loop.
   *
   * @param {any} [reason]  what it rejects with; default: a WeftError `WEFT_ERR_CANCELLED`
   */
  cancel(reason) {
    this.#abandon(new Rejection(reason ??
      new WeftError('WEFT_ERR_CANCELLED', `${titled(this.name, this)} was cancelled`)));
  }

  /** @param {Failure} failure */
  #abandon(failure) {
    this.#jobs.abandon(this, this.#queued, failure);
  }

  /**
   * What the job reports by weft_progress, the newest report whenever one is asked for. Ends
   * with the job, and leaves its error to who awaits the job.
   *
   * @returns {AsyncIterable<import('./control.js').Progress>}
   */
  get progress() {
    this.#promise.catch(() => {}); // the error is told to who awaits the job later
    return this.#reader();
  }

  /** The promise behind it. */
  get promise() {
    return this.#promise;
  }

  #reader() {
    return this.#progress ??= new ProgressReader(this.#jobs.view, this);
  }

  /** @param {any} outcome  for jobs.js */
  settle(outcome) {
    clearTimeout(this.#timer);
    this.#control?.delete(this);
    this.#progress?.end();
    this.#resolve(outcome instanceof Failure ? outcome.raise() : outcome);
  }

  /** For jobs.js: the slot is about to be given back. */
  leave() {
    this.#progress?.look();
  }

  /**
   * @template [R=T], [E=never]
   * @param {((value: T) => R | PromiseLike<R>) | null} [onFulfilled]
   * @param {((reason: any) => E | PromiseLike<E>) | null} [onRejected]
   * @returns {Promise<R | E>}
   */
  then(onFulfilled, onRejected) {
    return this.#promise.then(onFulfilled, onRejected);
  }

  /**
   * @template [E=never]
   * @param {((reason: any) => E | PromiseLike<E>) | null} [onRejected]
   * @returns {Promise<T | E>}
   */
  catch(onRejected) {
    return this.#promise.catch(onRejected);
  }

  /** @param {(() => void) | null} [onFinally]  @returns {Promise<T>} */
  finally(onFinally) {
    return this.#promise.finally(onFinally);
  }
}
