import { WeftError } from './errors.js';
import { mustKnow, show, unreadable } from './show.js';

/** @typedef {{ done: number, total: number }} Progress */

/**
 * What calls can be asked to do beside running. Every property is optional.
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal]  ends the calls: they reject at once with its reason
 * @property {number} [timeoutMs]  for each call, from the call on: it then rejects with
 *   `WEFT_ERR_TIMEOUT`
 * @property {'interactive' | 'batch'} [priority]  default `interactive`, which free workers
 *   take first and which does not wait for batch calls
 * @property {(progress: Progress) => void} [onProgress]  called now and then while the
 *   function reports progress, and with the last report before the call resolves
 * @property {string} [label]  names the calls in messages
 */

const OPTIONS = ['signal', 'timeoutMs', 'priority', 'onProgress', 'label'];
const LANES = ['interactive', 'batch'];

/** @param {any} options  @param {string} method  takes them */
function check(options, method) {
  /** @param {string} name  @param {string} expected  @param {unknown} value */
  const refuse = (name, expected, value) => {
    throw new WeftError('WEFT_ERR_INVALID', `${method}: ${name} must be ${expected}, got ${show(value)}`);
  };
  if (typeof options !== 'object' || options === null) refuse('the options', 'an object', options);
  mustKnow(method, options, OPTIONS);
  const { signal, timeoutMs, priority, onProgress, label } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    refuse('signal', 'an AbortSignal', signal);
  }
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    refuse('timeoutMs', 'a number above 0 and below 2^31', timeoutMs);
  }
  if (priority !== undefined && !LANES.includes(priority)) {
    refuse('priority', '"interactive" or "batch"', priority);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', 'a function', onProgress);
  if (label !== undefined && typeof label !== 'string') refuse('label', 'a string', label);
}

/** Checked options, and the calls that are pending under their signal. */
export class Control {
  /** @type {import('./job.js').Job<any>[]} in any order; each knows its place */
  #jobs = [];

  /**
   * @param {CallOptions} options
   * @param {Control} [outer]  whose options hold where `options` says nothing
   * @param {string} [method]  takes them, for messages
   * @throws {WeftError} `WEFT_ERR_INVALID`
   */
  constructor(options, outer, method = 'rt.with') {
    try {
      check(options, method);
    } catch (error) {
      throw unreadable(error, `${method}: the options`);
    }
    this.signal = options.signal ?? outer?.signal;
    this.timeoutMs = options.timeoutMs ?? outer?.timeoutMs;
    this.lane = options.priority === undefined ? outer?.lane ?? 0 : LANES.indexOf(options.priority);
    this.onProgress = options.onProgress ?? outer?.onProgress;
    this.label = options.label ?? outer?.label ?? '';
    this.abort = this.abort.bind(this);
  }

  /** @param {import('./job.js').Job<any>} job  One listener serves all calls. */
  add(job) {
    if (!this.signal) return;
    if (this.#jobs.length === 0) this.signal.addEventListener('abort', this.abort);
    job.place = this.#jobs.push(job) - 1;
  }

  /** @param {import('./job.js').Job<any>} job */
  delete(job) {
    if (job.place < 0) return;
    const last = /** @type {import('./job.js').Job<any>} */ (this.#jobs.pop());
    if (last !== job) {
      this.#jobs[job.place] = last;
      last.place = job.place;
    }
    job.place = -1;
    if (this.#jobs.length === 0) this.signal?.removeEventListener('abort', this.abort);
  }

  /** The options, as they were given. */
  get given() {
    const { label, timeoutMs, lane, signal, onProgress } = this;
    const all = { label: label || undefined, timeoutMs, priority: lane ? LANES[lane] : undefined, signal, onProgress };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }

  abort() {
    for (const job of [...this.#jobs]) job.cancel(this.signal?.reason);
  }
}
