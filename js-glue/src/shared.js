import { WeftError } from './errors.js';
import { showAs } from './inspect.js';
import { Bits } from './layout.js';
import { STATUS, codeOf } from './status.js';

/**
 * Locks and channels that C and JavaScript share: the very objects of weft/lock.h,
 * semaphore.h, event.h and channel.h, in the runtime's memory. `address` is what C takes;
 * rt.call takes the object itself as well. The main thread waits by promises, a task by
 * the ...Sync forms, which block its worker (another one steps in meanwhile).
 */

/** What an object is, as in js_shared.c. */
export const Kind = Object.freeze({ MUTEX: 1, SEMAPHORE: 2, EVENT: 3, CHANNEL: 4, RAW_CHANNEL: 5 });

/**
 * How the objects of one thread reach C.
 * @typedef {object} SharedLink
 * @property {(name: string) => any} find  an exported function
 * @property {Int32Array} words  the memory
 * @property {() => void} check  throws once the runtime is closed or lost
 * @property {boolean} maySleep  false: the ...Sync forms throw
 * @property {Set<number>} [held]  addresses of mutexes that a task has locked
 * @property {(value: unknown) => number} put  a copy of a value; the address from weft_js_alloc
 * @property {(address: number) => any} take  the value, whose copy it frees
 * @property {(address: number) => void} drop  only frees the copy
 * @property {(value: unknown) => number} toItem  of a raw channel
 * @property {() => void} changed  called after what may let a waiter of this thread go on
 */

/**
 * What the main thread has beside (shared-wait.js).
 * @typedef {import('./shared-wait.js').HostSide} HostSide
 */

/**
 * @typedef {object} WaitOptions
 * @property {AbortSignal} [signal]  ends the wait; it rejects with the signal's reason
 * @property {number} [timeoutMs]  0: only look; default: no limit
 */

const WHY = /** @type {Record<string, string>} */ ({
  WEFT_ERR_TIMEOUT: 'the time limit passed',
  WEFT_ERR_CLOSED: 'the channel is closed',
  WEFT_ERR_STATE: 'it is not locked, or not by this thread',
  WEFT_ERR_LIMIT: 'the count would exceed 2147483647',
  WEFT_ERR_DEADLOCK: 'abandoned: it was held in a call that failed or was ended',
  WEFT_ERR_WOULD_BLOCK: 'this thread must not sleep: await the form without Sync',
});

/** @param {number} status  @param {string} what  @param {string} [detail] */
export function sharedError(status, what, detail = '') {
  const code = codeOf(status) ?? 'WEFT_ERR_STATE';
  return new WeftError(code, `${what}: ${WHY[code] ?? code}${detail}`);
}

/** @param {string} what  @param {unknown} value  @param {number} least  @param {number} [most] */
export function mustCount(what, value, least, most = 2147483647) {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return;
  const got = typeof value === 'number' ? value : typeof value;
  throw new WeftError('WEFT_ERR_INVALID', `${what} must be an integer from ${least} to ${most}, got ${got}`);
}

/** @param {string} what  @param {unknown} timeoutMs  @returns {number}  negative: no limit */
export function readTimeout(what, timeoutMs) {
  if (timeoutMs === undefined) return -1;
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs === Infinity ? -1 : timeoutMs;
  throw new WeftError('WEFT_ERR_INVALID',
    `${what}: timeoutMs must be a number from 0, got ${typeof timeoutMs === 'number' ? timeoutMs : typeof timeoutMs}`);
}

/** What the four have in common. Outcomes are an item or 0, or a status as a negative number. */
export class SharedObject {
  /** @type {number} */
  #address;
  /** @protected */
  link;
  /** @protected @type {HostSide | undefined} */
  host;

  /**
   * @param {SharedLink} link  @param {number} kind
   * @param {number} address  @param {HostSide} [host]
   */
  constructor(link, kind, address, host) {
    this.link = link;
    this.host = host;
    /** @protected */
    this.kind = kind;
    this.#address = address;
  }

  /** What C takes. */
  get address() {
    if (this.#address !== 0) return this.#address;
    throw new WeftError('WEFT_ERR_POINTER', `this ${this.name} was freed`);
  }

  /** @protected */
  get name() {
    return ['', 'mutex', 'semaphore', 'event', 'channel', 'channel'][this.kind];
  }

  /**
   * For a call that is given the object: it must not be freed meanwhile.
   *
   * @param {(name: string) => any} find  of the runtime that is called
   * @returns {HostSide}
   * @throws {WeftError} `WEFT_ERR_POINTER` when it was freed, or is another runtime's
   */
  hold(find) {
    const { address, host, link, name } = this;
    if (address !== 0 && host && link.find === find) return host;
    throw new WeftError('WEFT_ERR_POINTER', `this ${name} belongs to another runtime`);
  }

  /** What a task is given in its place. */
  weftHandle() {
    return { kind: this.kind, address: this.address };
  }

  /**
   * Frees the object, and the values in a channel. On the main thread only.
   *
   * @throws {WeftError} `WEFT_ERR_STATE` while it is locked or somebody waits for it, or a
   *   pending call was given it
   */
  free() {
    const { address, host, name } = this;
    this.link.check();
    if (!host) throw new WeftError('WEFT_ERR_UNSUPPORTED', `${name}.free: the main thread frees it`);
    host.destroy(name, address);
    this.#address = 0;
  }

  /**
   * What console.log shows of it.
   *
   * @protected
   * @param {(word: (index: number) => number) => object} read  of words of C's object
   */
  seen(read) {
    return this.#address === 0 ? { freed: true } : read((index) => this.link.words[(this.#address >>> 2) + index]);
  }

  /**
   * Calls C.
   *
   * @protected
   * @param {string} operation  @param {...number} args
   * @returns {number}
   */
  act(operation, ...args) {
    const { address, link } = this;
    link.check();
    const result = link.find(`weft_js_${operation}`)(address, ...args);
    link.changed();
    return result;
  }

  /** @protected @param {number} status  @param {string} method */
  must(status, method) {
    if (status !== STATUS.WEFT_OK) throw sharedError(status, `${this.name}.${method}`);
  }

  /** @protected @param {string} method  @param {number} [timeoutMs]  @returns {number} */
  limit(method, timeoutMs) {
    const limit = readTimeout(`${this.name}.${method}`, timeoutMs);
    if (!this.link.maySleep) this.must(STATUS.WEFT_ERR_WOULD_BLOCK, method);
    return limit;
  }

  /**
   * What `attempt` gives, or what a wait for it brings.
   *
   * @protected
   * @param {string} method  @param {() => number} attempt  -WEFT_ERR_TIMEOUT: not at once
   * @param {WaitOptions} [options]  @param {number} [side]  1: a channel's senders
   * @param {number} [item]  to send
   * @returns {Promise<number>}
   */
  async turn(method, attempt, options, side = 0, item = 0) {
    const { host, name } = this;
    if (!host) throw new WeftError('WEFT_ERR_UNSUPPORTED', `${name}.${method}: a task waits by ${method}Sync`);
    const what = `${name}.${method}`;
    const wanted = host.read(what, options);
    const line = host.lines[side];
    const result = line.mayAttempt() ? attempt() : -STATUS.WEFT_ERR_TIMEOUT;
    if (result !== -STATUS.WEFT_ERR_TIMEOUT) return result;
    this.link.check();
    const { outcome, aborted, owner } = await line.wait(wanted, item);
    if (aborted) throw wanted.signal?.reason;
    if (owner !== undefined) throw sharedError(-outcome, what, `, on worker ${owner}`);
    if (outcome === -STATUS.WEFT_ERR_CLOSED) this.link.check(); // the runtime, not the channel
    return outcome;
  }

  /** @protected @param {number} outcome  @param {string} method  @returns {number} */
  got(outcome, method) {
    if (outcome < 0) throw sharedError(-outcome, `${this.name}.${method}`);
    return outcome;
  }
}

/** At most one holds it, on whichever thread. Not recursive. */
export class Mutex extends SharedObject {
  static name = 'Mutex'; // as in errors.js

  static {
    showAs(this.prototype, 'Mutex', (mutex) => mutex.seen((word) => ({ locked: (word(0) & Bits.MUTEX_HELD) !== 0 })));
  }

  /** @returns {boolean}  locked it */
  tryLock() {
    return this.#lock(0) === STATUS.WEFT_OK;
  }

  /** @param {number} timeoutMs */
  #lock(timeoutMs) {
    const status = this.act('mutex_lock', timeoutMs);
    if (status !== STATUS.WEFT_OK) return status;
    this.link.held?.add(this.address);
    if (this.host) this.host.held = true;
    return status;
  }

  /**
   * Resolves once it is locked. Those that wait on this thread are served in order.
   *
   * @param {WaitOptions} [options]
   * @throws {WeftError} `WEFT_ERR_TIMEOUT`, `WEFT_ERR_CLOSED`; `WEFT_ERR_DEADLOCK` when the call
   *   that holds it has failed or was ended, so that nobody will unlock it; the signal's reason
   */
  async lock(options) {
    this.got(await this.turn('lock', () => -this.#lock(0), options), 'lock');
  }

  /** Blocks until it is locked. In a task only. @param {number} [timeoutMs] */
  lockSync(timeoutMs) {
    this.must(this.#lock(this.limit('lockSync', timeoutMs)), 'lockSync');
  }

  /** @throws {WeftError} `WEFT_ERR_STATE` when this thread has not locked it */
  unlock() {
    const { host } = this;
    if (host && !host.held) this.must(STATUS.WEFT_ERR_STATE, 'unlock');
    if (host) host.held = false;
    this.must(this.act('mutex_unlock'), 'unlock');
    this.link.held?.delete(this.address);
  }

  /**
   * Runs a function while it is locked.
   *
   * @template T
   * @param {() => T | Promise<T>} run  @param {WaitOptions} [options]
   * @returns {Promise<T>}
   */
  async with(run, options) {
    await this.lock(options);
    try {
      return await run();
    } finally {
      this.unlock();
    }
  }

  /** The same in a task. @template T  @param {() => T} run  @param {number} [timeoutMs]  @returns {T} */
  withSync(run, timeoutMs) {
    this.lockSync(timeoutMs);
    try {
      return run();
    } finally {
      this.unlock();
    }
  }
}

/** Counts permits. */
export class Semaphore extends SharedObject {
  static name = 'Semaphore'; // as in errors.js

  static {
    showAs(this.prototype, 'Semaphore', (semaphore) => semaphore.seen((word) => ({ permits: word(0) & Bits.SEMAPHORE_COUNT })));
  }

  /** @returns {boolean}  took one */
  tryAcquire() {
    return this.act('semaphore_acquire', 0) === STATUS.WEFT_OK;
  }

  /** Resolves once it took one. @param {WaitOptions} [options] */
  async acquire(options) {
    this.got(await this.turn('acquire', () => -this.act('semaphore_acquire', 0), options), 'acquire');
  }

  /** Blocks until it took one. In a task only. @param {number} [timeoutMs] */
  acquireSync(timeoutMs) {
    this.must(this.act('semaphore_acquire', this.limit('acquireSync', timeoutMs)), 'acquireSync');
  }

  /** @throws {WeftError} `WEFT_ERR_LIMIT` when there would be more than 2^31-1 */
  release(count = 1) {
    mustCount('semaphore.release: the count', count, 0);
    this.must(this.act('semaphore_release', count), 'release');
  }
}

/** Is set or not; while it is set, nobody waits. */
export class Event extends SharedObject {
  static name = 'Event'; // as in errors.js

  static {
    showAs(this.prototype, 'Event', (event) => event.seen((word) => ({ isSet: (word(0) & Bits.EVENT_SET) !== 0 })));
  }

  /** Resolves once it is set, also if it is reset at once. @param {WaitOptions} [options] */
  async wait(options) {
    this.got(await this.turn('wait', () => -this.act('event_wait', 0), options), 'wait');
  }

  /** Blocks until it is set. In a task only. @param {number} [timeoutMs] */
  waitSync(timeoutMs) {
    this.must(this.act('event_wait', this.limit('waitSync', timeoutMs)), 'waitSync');
  }

  /** Is it set? */
  get isSet() {
    return this.act('event_wait', 0) === STATUS.WEFT_OK;
  }

  set() {
    this.act('event_set');
  }

  reset() {
    this.act('event_reset');
  }
}
