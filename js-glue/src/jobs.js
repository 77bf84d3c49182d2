import { abandonJob, cancelAll, failAll, failJob, offerAgain, ownersOf, refuseCall, titleOf } from './jobs-rare.js';
import { STATUS } from './status.js';
import { LIST_BYTES, SLOT_BYTES, SLOT_COUNT, SUBMIT_MAX, Slot, Word } from './layout.js';
import { Listener } from './listener.js';
import { Failure, Rejection } from './outcome.js';

const LIST_WORDS = LIST_BYTES / 4;

/** Slots that calls of the batch lane leave to interactive ones. */
const RESERVED = SLOT_COUNT / 8;

/** Calls in one turn that are handed over at once, for each worker; later ones in batches. */
const EAGER = 32;

/** @type {(value: any) => void} */
let captured;
/** @param {(value: any) => void} resolve */
const capture = (resolve) => {
  captured = resolve;
};

/**
 * Who waits for an outcome: the function that resolves the promise of a plain call, or an
 * object for a call that is controlled or synchronous.
 * @typedef {((outcome: any) => void) | Owner} Waiter
 *
 * @typedef {object} Owner
 * @property {string} label  for messages; may be empty
 * @property {boolean} settled
 * @property {number} slot  its address while it has one, else 0
 * @property {(outcome: any) => void} settle  takes a result or a Failure, once
 * @property {() => void} leave  called before the slot is free again
 */

/** @typedef {import('./lanes.js').Queued} Queued */

/** The jobs of one runtime, from the call to the outcome. */
export class Jobs {
  /** Numbers of free slots, a stack. */
  #free = new Int32Array(SLOT_COUNT);
  #freeCount = SLOT_COUNT;
  /** By slot: what runs there, undefined when it is free. @type {any[]} */
  #callables = [];
  /** By slot; undefined when nobody waits (any more). @type {(Waiter | undefined)[]} */
  #waiters = [];
  /** @type {(import('./arguments.js').Holdings | undefined)[]} by slot */
  #holdings = [];
  /** Calls that wait for a slot, once there were some. @type {import('./lanes.js').Lanes | undefined} */
  #lanes;
  /** Filled slots that are not handed over, all of one lane. */
  #batch = 0;
  #batchLane = 0;
  /** As many may be in one turn. */
  eager = EAGER;
  /** Handed over one by one in this turn. */
  #eager = 0;
  /** Filled slots that C's queue had no room for. @type {{ slot: number, lane: number }[]} */
  #refused = [];
  #scratch = new Int32Array(SLOT_COUNT);
  #unsettled = 0;
  #dead = false;
  /** Jobs that have come back. */
  ended = 0;
  /** @type {(() => void)[]} */
  #idleListeners = [];
  /** @type {(() => void)[]} */
  #roomListeners = [];
  /** Calls so far, and how those ended that have an outcome. */
  counts = { submitted: 0, failed: 0, cancelled: 0 };

  /** @param {import('./runtime.js').Core} core */
  constructor(core) {
    const { engine, view, heap, settings } = core;
    const { memory, find } = engine;
    this.core = core;
    this.view = view;
    this.heap = heap;
    this.find = find;
    this.i32 = new Int32Array(memory.buffer);
    this.layout = find('weft_js_layout')() >>> 2;
    this.submit = find('weft_js_submit');
    this.slots = this.i32[this.layout + Word.SLOTS] >>> 0;
    this.lists = this.i32[this.layout + Word.LISTS] >>> 2;
    this.list = this.i32[this.layout + Word.SUBMIT] >>> 2;
    this.limit = settings.maxQueued;
    this.resize(settings.threads);
    this.listener = new Listener(this, settings.waitAsync);
    const free = this.#free;
    for (let i = 0; i < SLOT_COUNT; i++) free[i] = SLOT_COUNT - 1 - i;
  }

  /** @param {number} threads  that take part from here on */
  resize(threads) {
    this.eager = EAGER * threads;
  }

  /** What jobs-rare.js works on. */
  get #parts() {
    return {
      jobs: this,
      callables: this.#callables,
      waiters: this.#waiters,
      lanes: this.#lanes,
      refused: this.#refused,
      end: (/** @type {number} */ slot, /** @type {any} */ outcome) => this.#end(slot, outcome),
      settle: (/** @type {Waiter} */ waiter, /** @type {any} */ outcome) => this.#settle(waiter, outcome),
    };
  }

  /** Calls that have no outcome yet. */
  get unsettled() {
    return this.#unsettled;
  }

  /** Jobs that C has not given back. */
  get open() {
    return SLOT_COUNT - this.#freeCount;
  }

  /** Jobs with a handle that are queued or with C. @returns {import('./job.js').Job[]} */
  owners() {
    return ownersOf(this.#parts);
  }

  get dead() {
    return this.#dead;
  }

  /**
   * @param {import('./arguments.js').Callable} callable
   * @param {any[]} values  the arguments; convert changes them
   * @param {import('./control.js').Control | undefined} [control]
   * @returns {Promise<any>}  the result; rejects with a WeftError
   * @throws {WeftError}  before it runs
   */
  run(callable, values, control) {
    if (control !== undefined) return new this.core.extras.Job(this, callable.name, control).begin(callable, values).promise;
    const holdings = callable.convert(values);
    const promise = new Promise(capture);
    this.begin(callable, values, holdings, captured, 0);
    return promise;
  }

  /**
   * @param {import('./arguments.js').Callable} callable  @param {any[]} values  converted
   * @param {import('./arguments.js').Holdings | undefined} holdings  given back in the end
   * @param {Waiter} waiter  @param {number} lane
   * @returns {Queued | undefined}  when there is no slot for it yet
   */
  begin(callable, values, holdings, waiter, lane) {
    if (this.#unsettled >= this.limit) {
      if (holdings) this.heap.release(holdings);
      refuseCall(callable, this.#unsettled);
    }
    if (this.#unsettled === 0) this.core.pulse.begin();
    this.#unsettled++;
    this.counts.submitted++;
    this.listener.schedule();
    if (this.#freeCount > (lane === 0 ? 0 : RESERVED)) {
      this.#place(callable, values, holdings, waiter, lane);
      return undefined;
    }
    this.#lanes ??= new this.core.extras.Lanes();
    return this.#lanes.add(lane, { callable, values, holdings, waiter });
  }

  /**
   * @param {import('./arguments.js').Callable} callable  @param {any[]} values
   * @param {import('./arguments.js').Holdings | undefined} holdings
   * @param {Waiter} waiter  @param {number} lane
   */
  #place(callable, values, holdings, waiter, lane) {
    if (lane !== this.#batchLane) {
      this.flush();
      this.#batchLane = lane;
    }
    const index = this.#free[--this.#freeCount];
    const slot = this.slots + SLOT_BYTES * index;
    this.i32[(slot + Slot.FUNCTION) >>> 2] = callable.id;
    callable.write(slot, values);
    this.#callables[index] = callable;
    this.#waiters[index] = waiter;
    this.#holdings[index] = holdings;
    if (typeof waiter !== 'function') waiter.slot = slot;
    this.i32[this.list + this.#batch++] = slot;
    if (this.#batch === SUBMIT_MAX || this.#eager < this.eager) {
      this.#eager++;
      this.flush();
    }
  }

  /** Hands the filled slots over to C. */
  flush() {
    const count = this.#batch;
    if (count === 0) return;
    this.#batch = 0;
    const lane = this.#batchLane;
    const taken = this.submit(count, lane);
    if (taken === count) return;
    for (let i = taken; i < count; i++) this.#refused.push({ slot: this.i32[this.list + i] >>> 0, lane });
    offerAgain(this.#parts);
  }

  /** The end of a turn: all that was called in it is handed over. */
  turn() {
    this.#eager = 0;
    this.flush();
  }

  /** True when a worker has finished a job that is not taken. */
  finished() {
    const { i32, lists } = this;
    const used = Atomics.load(i32, this.layout + Word.LISTS_USED);
    for (let i = 0; i < used; i++) {
      if (Atomics.load(i32, lists + LIST_WORDS * i) !== 0) return true;
    }
    return false;
  }

  /** Takes every finished job. Returns how many there were. */
  drain() {
    const { i32, lists } = this;
    let taken = 0;
    const used = this.#dead ? 0 : Atomics.load(i32, this.layout + Word.LISTS_USED);
    for (let i = 0; i < used; i++) {
      if (Atomics.load(i32, lists + LIST_WORDS * i) === 0) continue;
      taken += this.#takeList(Atomics.exchange(i32, lists + LIST_WORDS * i, 0));
    }
    if (taken === 0) return 0;
    if (this.#refused.length > 0) {
      this.flush();
      offerAgain(this.#parts);
    }
    this.#refill();
    return taken;
  }

  /** @param {number} newest  the slot that finished last */
  #takeList(newest) {
    const { i32 } = this;
    const scratch = this.#scratch;
    let count = 0;
    for (let slot = newest; slot !== 0; slot = i32[(slot + Slot.NEXT) >>> 2]) scratch[count++] = slot;
    for (let i = count - 1; i >= 0; i--) this.#end(scratch[i] >>> 0, undefined);
    this.ended += count;
    return count;
  }

  /** @param {number} slot  free again  @param {Failure | undefined} failure */
  #end(slot, failure) {
    const index = ((slot - this.slots) / SLOT_BYTES) | 0;
    const { watch } = this.core;
    if (watch !== undefined && watch.busy) watch.ended(slot);
    const callable = this.#callables[index];
    const waiter = this.#waiters[index];
    const holdings = this.#holdings[index];
    if (typeof waiter === 'object') this.#leave(waiter);
    const outcome = failure ?? this.#read(slot, callable, waiter);
    this.#callables[index] = undefined;
    this.#waiters[index] = undefined;
    if (holdings !== undefined) {
      this.#holdings[index] = undefined;
      this.heap.release(holdings);
    }
    this.#free[this.#freeCount++] = index;
    if (waiter !== undefined) this.#settle(waiter, outcome);
    if (outcome instanceof Failure) this.core.shared?.lookAtOwners();
  }

  /**
   * @param {number} slot  @param {import('./arguments.js').Callable} callable
   * @param {Waiter | undefined} waiter
   */
  #read(slot, callable, waiter) {
    if (this.i32[(slot + Slot.STATUS) >>> 2] !== STATUS.WEFT_OK) {
      return this.core.extras.readOutcome(this, slot, callable.name, waiter);
    }
    try {
      return callable.read(slot);
    } catch (error) {
      return new Rejection(error); // a result that cannot be rebuilt here is that call's alone
    }
  }

  /** @param {Owner} owner */
  #leave(owner) {
    owner.leave();
    owner.slot = 0;
    if (owner.settled) this.core.pulse.came(owner);
  }

  /** @param {Waiter} waiter  @param {any} outcome */
  #settle(waiter, outcome) {
    const plain = typeof waiter === 'function';
    if (!plain && waiter.settled) return;
    this.#unsettled--;
    if (outcome instanceof Failure) {
      if (outcome.code === 'WEFT_ERR_CANCELLED' || outcome.code === 'WEFT_ERR_TIMEOUT') this.counts.cancelled++;
      else this.counts.failed++;
    }
    if (!plain) {
      waiter.settled = true;
      waiter.settle(outcome);
    } else waiter(outcome instanceof Failure ? outcome.raise() : outcome);
    if (this.#unsettled === 0) this.#idle();
  }

  /** Slots are free again. */
  #refill() {
    for (let lane = 0; lane < 2; lane++) {
      while (this.#freeCount > (lane === 0 ? 0 : RESERVED)) {
        const queued = this.#lanes?.take(lane);
        if (queued === undefined) break;
        const { callable, values, holdings, waiter } = queued;
        if (waiter !== undefined) this.#place(callable, values, holdings, waiter, lane);
      }
    }
    while (this.#roomListeners.length > 0 && this.room > 0) this.#roomListeners.shift()?.();
  }

  /** Calls that could be made and get a slot at once. */
  get room() {
    return Math.max(0, Math.min(this.#freeCount, this.limit - this.#unsettled));
  }

  /** Resolves once there is room for a call. @returns {Promise<void>} */
  ready() {
    if (this.room > 0 || this.#dead) return Promise.resolve();
    return new Promise((resolve) => this.#roomListeners.push(resolve));
  }

  /**
   * Settles a job at once and asks C to end it early.
   *
   * @param {Owner} owner  @param {Queued | undefined} queued  @param {any} outcome
   */
  abandon(owner, queued, outcome) {
    if (!owner.settled && !this.#dead) abandonJob(this.#parts, owner, queued, outcome);
  }

  /**
   * Settles the job of a slot, asks C to end it early, and lets C keep the slot until then.
   *
   * @param {number} slot  @param {Failure} failure
   */
  fail(slot, failure) {
    failJob(this.#parts, slot, failure);
  }

  /** Names the job of a slot in messages. @param {number} slot */
  title(slot) {
    return titleOf(this.#parts, slot);
  }

  /** Resolves once no call is without outcome. @returns {Promise<void>} */
  settled() {
    if (this.#unsettled === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  /** Asks C to end every job early and fails the calls. @param {string} why */
  cancel(why) {
    cancelAll(this.#parts, why);
  }

  /** C must not be called any more. */
  kill() {
    this.#dead = true;
    this.listener.stop();
    for (const resolve of this.#roomListeners.splice(0)) resolve();
  }

  /**
   * Fails every call that has no outcome. Jobs that C still runs stay its own.
   *
   * @param {import('./errors.js').WeftCode} code  @param {string} why  @param {unknown} [cause]
   */
  failAll(code, why, cause) {
    failAll(this.#parts, code, why, cause);
  }

  #idle() {
    this.core.pulse.end();
    for (const resolve of this.#idleListeners.splice(0)) resolve();
  }
}
