import { Failure } from './outcome.js';

/** Of a worker, and in `flags`: src/platform/js_watch.c. */
const State = Object.freeze({ RUNS: 0, JOINS: 2, WAITS: 4 });
const Flag = Object.freeze({ TIMED: 1, HOSTS: 2, HELD: 4 });
const KINDS = ['', 'mutex', 'condition', 'lock (to read)', 'lock (to write)', 'semaphore', 'event',
  'channel', 'barrier', 'ring', 'once'];
const RECORD_WORDS = 8;

/** How a wait is ended: it returns WEFT_ERR_CANCELLED, or the worker gives up its stack. */
const END_WAIT = 1;
const END_UNWIND = 2;

/** How long a job that has failed may run on before its workers are replaced. */
const GRACE_MS = 1000;

/**
 * @typedef {object} Wait  what a worker is doing
 * @property {number} worker
 * @property {number} state
 * @property {number} slot  of the job that it is inside, or 0
 * @property {number} kind
 * @property {number} object
 * @property {number} number  of the sleep
 * @property {number} flags
 * @property {number} owner  the worker that holds the mutex, or -1
 * @property {number} ownerSlot
 *
 * @typedef {object} Trouble  a job that has its outcome and does not end
 * @property {number} looks
 * @property {number} killAt  when its workers are ended
 * @property {Set<number>} running  its workers that were busy at the last look
 */

/** Finds calls that wait for each other, and ends what does not end by itself. */
export class Watch {
  #last = '';
  /** @type {Map<number, Trouble>} by the address of the slot */
  #troubles = new Map();

  /** @param {import('./runtime.js').Core} core */
  constructor(core) {
    this.core = core;
    this.words = new Uint32Array(core.memory.buffer);
    this.find = core.engine.find;
  }

  /** Jobs are left that have their outcome and do not end. */
  get busy() {
    return this.#troubles.size > 0;
  }

  /** One look, some times a second while calls are pending. Two alike make a deadlock. */
  look() {
    const { jobs } = this.core;
    const waits = this.#read();
    const stalled = jobs.open > 0 && this.find('weft_js_stalled')() !== 0;
    const stuck = stalled
      ? waits.filter(({ slot, state }) => slot !== 0 && (state === State.JOINS || state === State.WAITS))
      : inCycles(waits);
    const seen = stalled || stuck.length > 0 ? JSON.stringify([stuck, stalled && jobs.ended]) : '';
    if (seen !== '' && seen === this.#last) this.#reject(stuck, waits);
    this.#last = seen;
    for (const [slot, trouble] of this.#troubles) this.#press(slot, trouble, waits);
  }

  /** A job was ended by its caller some time ago, and its slot has not come back. @param {number} slot */
  overdue(slot) {
    this.fail(slot, undefined, 0);
  }

  /**
   * Settles a job whose slot C still has, and sees to its end.
   *
   * @param {number} slot  @param {Failure | undefined} failure  undefined: it is settled
   * @param {number} [graceMs]  before its workers are ended
   */
  fail(slot, failure, graceMs = GRACE_MS) {
    if (!this.#troubles.has(slot)) {
      this.#troubles.set(slot, { looks: 0, killAt: performance.now() + graceMs, running: new Set() });
    }
    if (failure) this.core.jobs.fail(slot, failure);
  }

  /** The slot has come back. @param {number} slot */
  ended(slot) {
    this.#troubles.delete(slot);
  }

  /** @returns {Wait[]} */
  #read() {
    const at = this.find('weft_js_waits')() >>> 2;
    return Array.from({ length: this.find('weft_js_reach')() }, (_, worker) => {
      const [state, slot, kind, object, number, flags, owner, ownerSlot] =
        this.words.subarray(at + RECORD_WORDS * worker, at + RECORD_WORDS * (worker + 1));
      return { worker, state, slot, kind, object, number, flags, owner: owner - 1, ownerSlot };
    });
  }

  /** @param {Wait[]} stuck  @param {Wait[]} waits */
  #reject(stuck, waits) {
    const { jobs } = this.core;
    const why = stuck.map((wait) => this.#describe(wait)).join('; ');
    const slots = new Set(stuck.map(({ slot }) => slot));
    if (slots.size === 0) {
      jobs.failAll('WEFT_ERR_DEADLOCK', `every worker sleeps, and none can go on: ${waits.length} workers`);
    }
    for (const slot of slots) {
      this.fail(slot, new Failure('WEFT_ERR_DEADLOCK', `${jobs.title(slot)}: deadlock: ${why}`));
    }
  }

  /** @param {Wait} wait */
  #describe({ worker, state, slot, kind, object, flags, owner, ownerSlot }) {
    const { jobs } = this.core;
    const who = `worker ${worker} in ${jobs.title(slot)}`;
    if (state === State.JOINS) return `${who} waits for the end of tasks that it started`;
    const what = `${who} waits for the ${KINDS[kind]} at 0x${object.toString(16)}`;
    if (kind !== 1 || !(flags & Flag.HELD)) return what;
    if (owner < 0) return `${what} held by the main thread`;
    if (ownerSlot === 0) return `${what}, which a call on worker ${owner} took and never gave back`;
    return `${what} held by worker ${owner}`;
  }

  /**
   * Ends the waits of a job, at last its workers.
   *
   * @param {number} slot  @param {Trouble} trouble  @param {Wait[]} waits
   */
  #press(slot, trouble, waits) {
    const inside = waits.filter((wait) => wait.slot === slot);
    const asleep = inside.filter(({ state }) => state === State.WAITS);
    const running = inside.filter(({ state }) => state === State.RUNS);
    const how = trouble.looks++ === 0 ? END_WAIT : END_UNWIND;
    // Who runs at the moment may wait again.
    for (const { worker } of [...asleep, ...running]) this.find('weft_js_end_wait')(worker, slot, how);
    if (trouble.looks > 1 && performance.now() >= trouble.killAt) {
      // Twice in a row: not one that is only on its way into a sleep.
      for (const { worker } of running) if (trouble.running.has(worker)) this.core.crew.end(worker, slot);
    }
    trouble.running = new Set(running.map(({ worker }) => worker));
    if (asleep.length + running.length > 0) return;
    for (const { worker } of inside) this.find('weft_js_end_wait')(worker, slot, END_UNWIND);
  }
}

/**
 * Workers in a circle of mutexes: each waits, without a limit, for the next one's.
 *
 * @param {Wait[]} waits
 */
function inCycles(waits) {
  /** @param {Wait | undefined} wait */
  const next = (wait) => wait && wait.state === State.WAITS && wait.slot !== 0 && wait.owner >= 0 &&
    (wait.flags & (Flag.TIMED | Flag.HOSTS | Flag.HELD)) === Flag.HELD ? waits[wait.owner] : undefined;
  return waits.filter((start) => {
    let wait = next(start);
    for (let steps = 0; wait && wait !== start && steps < waits.length; steps++) wait = next(wait);
    return wait === start;
  });
}

