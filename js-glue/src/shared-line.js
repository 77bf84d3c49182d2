import { STATUS } from './status.js';
import { Shared, Turn, TURN_WORDS } from './layout.js';
import { Kind } from './shared.js';

/**
 * How the main thread waits for a lock or channel without blocking: "Shared objects" in
 * wasm/ABI.md. For each thing to wait for there is one waiter in C, on behalf of all that
 * wait in JavaScript, oldest first; C wakes it like a sleeping thread.
 *
 * No wake-up is lost. A look tells under which value of a word C will wake us, and
 * Atomics.waitAsync joins C's list of sleepers only while the word has that value; if it has
 * not, we look again. From then on we are asleep in C's sense until C wakes us, and every
 * wake-up is followed by a look. Whoever stops waiting while still in that list would
 * take a wake-up that is meant for another thread; so it wakes everybody on the word (#rouse),
 * and those look again.
 */

export const TIMER_MAX_MS = 2 ** 31 - 1;
const { addEventListener, removeEventListener } = EventTarget.prototype;

/**
 * @typedef {{ signal?: AbortSignal, timeoutMs: number, aborted?: boolean }} Wanted
 * @typedef {{ outcome: number, aborted?: boolean, owner?: number }} Ending  an item or 0, or a
 *   status as a negative number; the worker that has abandoned the mutex
 */

/** One wait in JavaScript. */
class Waiter {
  /** @param {Line} line  @param {Wanted} wanted  @param {number} item  @param {(ending: Ending) => void} resolve */
  constructor(line, { signal, timeoutMs }, item, resolve) {
    this.line = line;
    this.item = item;
    this.resolve = resolve;
    this.signal = signal;
    /** @type {any} */
    this.timer = timeoutMs >= 0 && timeoutMs <= TIMER_MAX_MS
      ? setTimeout(() => line.leave(this, { outcome: -STATUS.WEFT_ERR_TIMEOUT }), timeoutMs)
      : undefined;
    if (signal) addEventListener.call(signal, 'abort', this);
  }

  /** The signal is aborted. */
  handleEvent() {
    this.line.leave(this, { outcome: 0, aborted: true });
  }

  /** @param {Ending} ending */
  end(ending) {
    clearTimeout(this.timer);
    if (this.signal) removeEventListener.call(this.signal, 'abort', this);
    this.resolve(ending);
  }
}

/** All that wait on this thread for one thing. */
export class Line {
  /** @type {Set<Waiter>} oldest first */
  #waiters = new Set();
  /** The wait that is in C's list of sleepers. @type {object | undefined} */
  #asleep;
  #waits;
  #host;
  #side;
  #turn;

  /** @param {import('./shared-wait.js').Waits} waits  @param {import('./shared-wait.js').HostSide} host  @param {number} side */
  constructor(waits, host, side) {
    this.#waits = waits;
    this.#host = host;
    this.#side = side;
    this.#turn = (host.base >>> 2) + Shared.TURNS + TURN_WORDS * side;
  }

  get size() {
    return this.#waiters.size;
  }

  /** Nobody is overtaken, except at an event, which lets everybody through. */
  mayAttempt() {
    if (this.#waiters.size > 0 && this.#host.kind === Kind.EVENT) this.pump();
    return this.#waiters.size === 0 || this.#host.kind === Kind.EVENT;
  }

  /**
   * @param {Wanted} wanted  @param {number} item  to send
   * @returns {Promise<Ending>}
   */
  wait(wanted, item) {
    if (wanted.timeoutMs === 0) return Promise.resolve({ outcome: -STATUS.WEFT_ERR_TIMEOUT });
    return new Promise((resolve) => {
      this.#waiters.add(new Waiter(this, wanted, item, resolve));
      this.#waits.begun(this);
      if (this.#waiters.size === 1) this.pump();
    });
  }

  /** Serves those who can be served, and sleeps for the others. */
  pump() {
    while (this.#waiters.size > 0) {
      const [first] = this.#waiters;
      this.#waits.words[this.#turn + Turn.ITEM] = first.item;
      const status = this.#look(0);
      if (status !== STATUS.WEFT_ERR_WOULD_BLOCK) this.#serve(first, status);
      else if (this.#sleeps()) return this.abandon();
    }
    this.#rouse();
  }

  /** @param {0 | 1} leaves  @returns {number} */
  #look(leaves) {
    return this.#waits.find('weft_js_shared_look')(this.#host.base, this.#side, leaves);
  }

  /** @param {Waiter} first  @param {number} status */
  #serve(first, status) {
    const { kind } = this.#host;
    const item = this.#waits.words[this.#turn + Turn.ITEM] >>> 0;
    if (kind === Kind.MUTEX) this.#host.held = true;
    const received = kind >= Kind.CHANNEL && this.#side === 0;
    const outcome = status !== STATUS.WEFT_OK ? -status : received ? item : 0;
    // All of them were waiting when the event was set.
    for (const waiter of kind === Kind.EVENT ? [...this.#waiters] : [first]) this.#end(waiter, { outcome });
  }

  /** @param {Waiter} waiter  @param {Ending} ending */
  #end(waiter, ending) {
    this.#waiters.delete(waiter);
    this.#waits.ended(this);
    waiter.end(ending);
  }

  /** False: look again at once. */
  #sleeps() {
    const { words, waitAsync } = this.#waits;
    if (!waitAsync || this.#asleep) return true; // pumped by a timer, or in the list already
    const wait = /** @type {any} */ (Atomics).waitAsync(words, this.#word, words[this.#turn + Turn.ASLEEP]);
    if (!wait.async) return false;
    const asleep = this.#asleep = {};
    wait.value.then(() => {
      if (this.#asleep !== asleep) return;
      this.#asleep = undefined;
      this.pump();
    });
    return true;
  }

  get #word() {
    return this.#waits.words[this.#turn + Turn.WORD] >>> 2;
  }

  /** Leaves C's list of sleepers. */
  #rouse() {
    if (!this.#asleep) return;
    this.#asleep = undefined;
    Atomics.notify(this.#waits.words, this.#word);
  }

  /** @param {Waiter} waiter  that gives up  @param {Ending} ending */
  leave(waiter, ending) {
    if (!this.#waiters.has(waiter)) return;
    const [first] = this.#waiters;
    const named = first === waiter && this.#side === 1; // C knows its item
    if (this.#waiters.size > 1 && !named) return this.#end(waiter, ending);
    const status = this.#look(1);
    if (status === STATUS.WEFT_ERR_WOULD_BLOCK) return; // it is being served at this moment
    const { kind } = this.#host;
    const served = status === STATUS.WEFT_OK;
    if (served && kind <= Kind.SEMAPHORE) this.#giveBack();
    else if (status !== STATUS.WEFT_ERR_TIMEOUT) return this.#afterLeave(() => this.#serve(waiter, status));
    this.#afterLeave(() => this.#end(waiter, ending));
  }

  /** @param {() => void} end */
  #afterLeave(end) {
    this.#rouse();
    end();
    this.pump();
  }

  #giveBack() {
    const operation = this.#host.kind === Kind.MUTEX ? 'weft_js_mutex_unlock' : 'weft_js_semaphore_release';
    this.#waits.find(operation)(this.#host.object, 1);
  }

  /** Ends every wait for a mutex that nobody will give back. */
  abandon() {
    const { kind, object } = this.#host;
    const owner = kind === Kind.MUTEX ? this.#waits.find('weft_js_mutex_abandoned')(object) - 1 : -1;
    if (owner < 0) return;
    for (const waiter of [...this.#waiters]) this.leave(waiter, { outcome: -STATUS.WEFT_ERR_DEADLOCK, owner });
  }

  /** C must not be called any more. */
  kill() {
    this.#rouse();
    for (const waiter of [...this.#waiters]) this.#end(waiter, { outcome: -STATUS.WEFT_ERR_CLOSED });
  }
}
