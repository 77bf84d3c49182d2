import { WeftError } from './errors.js';
import { unreadable } from './show.js';
import { STATUS } from './status.js';
import { Shared } from './layout.js';
import { Line, TIMER_MAX_MS } from './shared-line.js';
import { Kind, readTimeout, sharedError } from './shared.js';

const POLL_MS = 2; // without waitAsync

/** The main thread's part of an object. */
export class HostSide {
  /** Pending calls that were given the object; a Holding of arguments.js. */
  uses = 0;
  #waits;
  #onFreed;

  /**
   * @param {Waits} waits  @param {number} base  struct shared
   * @param {number} kind  @param {() => void} onFreed
   */
  constructor(waits, base, kind, onFreed) {
    this.#waits = waits;
    this.#onFreed = onFreed;
    this.base = base;
    this.kind = kind;
    this.object = waits.words[(base >>> 2) + Shared.OBJECT] >>> 0;
    this.lines = kind >= Kind.CHANNEL ? [new Line(waits, this, 0), new Line(waits, this, 1)] : [new Line(waits, this, 0)];
  }

  /** A mutex that this thread has locked. */
  get held() {
    return this.#waits.words[(this.base >>> 2) + Shared.HELD] !== 0;
  }

  set held(held) {
    this.#waits.words[(this.base >>> 2) + Shared.HELD] = held ? 1 : 0;
  }

  /** @param {string} what  @param {import('./shared.js').WaitOptions} [options]  @returns {import('./shared-line.js').Wanted} */
  read(what, options) {
    if (options === undefined) return { timeoutMs: -1 };
    if (typeof options !== 'object' || options === null) {
      throw new WeftError('WEFT_ERR_INVALID', `${what}: the options must be an object`);
    }
    let wanted;
    try {
      const { signal, timeoutMs } = options;
      if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
        throw new WeftError('WEFT_ERR_INVALID', `${what}: signal must be an AbortSignal`);
      }
      wanted = { signal, timeoutMs: readTimeout(what, timeoutMs), aborted: signal?.aborted };
    } catch (error) {
      throw unreadable(error, `${what}: an option`);
    }
    if (wanted.aborted) throw wanted.signal?.reason;
    return wanted;
  }

  /** @param {string} name  @param {number} object  its address */
  destroy(name, object) {
    const { words, find } = this.#waits;
    // A sleeper that is woken for nothing looks again and sleeps on.
    const awaited = this.lines.some((line) => line.size > 0) ||
      (this.kind < Kind.CHANNEL && Atomics.notify(words, object >>> 2) > 0);
    const status = this.uses > 0 || awaited ? STATUS.WEFT_ERR_STATE : find('weft_js_shared_destroy')(this.base);
    if (status === STATUS.WEFT_OK) return this.#onFreed();
    throw new WeftError('WEFT_ERR_STATE',
      `${name}.free: it is ${this.uses > 0 ? 'used by a pending call' : 'locked, or somebody waits for it'}`);
  }
}

/** All waits of one runtime's main thread. */
export class Waits {
  /** @type {Set<Line>} with waiters */
  #lines = new Set();
  /** Keeps the process alive while somebody waits. @type {any} */
  #alive;
  /** @type {any} */
  #poll;
  /** @type {WeftError | undefined} */
  #over;

  /** @param {import('./runtime.js').Core} core */
  constructor({ engine, settings }) {
    this.find = engine.find;
    this.words = new Int32Array(engine.memory.buffer);
    this.waitAsync = settings.waitAsync;
  }

  /** @param {Line} line  has one more waiter */
  begun(line) {
    this.#lines.add(line);
    if (this.#lines.size > 1 || line.size > 1) return;
    if (!this.waitAsync) this.#pollLater();
    else if (this.#alive) this.#alive.ref?.();
    else this.#alive = setInterval(() => {}, TIMER_MAX_MS); // never comes, but counts
  }

  /** @param {Line} line  has one less */
  ended(line) {
    if (line.size > 0) return;
    this.#lines.delete(line);
    if (this.#lines.size === 0) this.#alive?.unref?.();
  }

  #pollLater() {
    this.#poll ??= setTimeout(() => {
      this.#poll = undefined;
      this.settle();
      if (this.#lines.size > 0) this.#pollLater();
    }, POLL_MS);
  }

  /** This thread has changed an object: without waitAsync nobody tells its own waiters. */
  changed() {
    if (this.waitAsync || this.#lines.size === 0) return;
    queueMicrotask(() => this.settle());
  }

  /** A call has failed: what it had locked may have nobody to unlock it. */
  lookAtOwners() {
    for (const line of [...this.#lines]) if (!this.#over) line.abandon();
  }

  /** The runtime is closed or lost. */
  get over() {
    return this.#over !== undefined;
  }

  /** Throws once the runtime is closed or lost. */
  check() {
    if (this.#over) throw new WeftError(this.#over.code, this.#over.message, { cause: this.#over.cause });
  }

  /** Serves whoever can be served: C may have given one an item that it has not looked at yet. */
  settle() {
    for (const line of [...this.#lines]) if (!this.#over) line.pump();
  }

  /** Nobody can wait any more. @param {WeftError} error  why */
  end(error) {
    if (this.#over) return;
    this.#over = error;
    for (const line of [...this.#lines]) line.kill();
    clearInterval(this.#alive);
    clearTimeout(this.#poll);
  }

  /** @param {number} kind  @param {number} count  @param {() => void} onFreed  @returns {HostSide} */
  create(kind, count, onFreed) {
    const base = this.find('weft_js_shared_create')(kind, count) >>> 0;
    if (base === 0) throw sharedError(STATUS.WEFT_ERR_NOMEM, 'a lock or channel');
    return new HostSide(this, base, kind, onFreed);
  }
}
