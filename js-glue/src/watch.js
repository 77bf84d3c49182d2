import { endWorker } from './crew-rare.js';
import { Failure } from './outcome.js';

/** Of a worker, and in `flags`: src/platform/js_watch.c. */
const State = Object.freeze({ RUNS: 0, JOINS: 2, WAITS: 4 });
const Flag = Object.freeze({ TIMED: 1, HOSTS: 2, HELD: 4, ABANDONED: 8 });
const KINDS = ['', 'mutex', 'condition', 'lock (to read)', 'lock (to write)', 'semaphore', 'event',
  'channel', 'barrier', 'ring', 'once'];
const RECORD_WORDS = 8;

/** How a wait is ended: it returns WEFT_ERR_CANCELLED, or the worker gives up its stack. */
const END_WAIT = 1;
const END_UNWIND = 2;

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
 * @property {Set<number>} held  those that are about to be ended
 */

/** Finds calls that wait for each other, and ends what does not end by itself. */
export class Watch {
  #last = '';
  #lastSync = '';
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

  /**
   * Some times a second while calls are pending.
   *
   * @param {Map<import('./jobs.js').Owner, number>} late  settled jobs that C has not given back,
   *   and until when they may take their time
   */
  beat(late) {
    const { jobs } = this.core;
    jobs.drain();
    jobs.flush();
    const now = performance.now();
    for (const [owner, until] of late) {
      if (now < until) break; // in the order of their times
      late.delete(owner);
      this.overdue(owner.slot);
    }
    this.look();
  }

  /** One look. Two alike make a deadlock. */
  look() {
    const { jobs } = this.core;
    const waits = this.#read();
    const stalled = jobs.open > 0 && this.find('weft_js_stalled')() !== 0;
    const stuck = stalled ? waits.filter(isStuck) : [...inCycles(waits), ...waits.filter(isAbandoned)];
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
  fail(slot, failure, graceMs = this.core.settings.graceMs) {
    if (!this.#troubles.has(slot)) {
      this.#troubles.set(slot, { looks: 0, killAt: performance.now() + graceMs, running: new Set(), held: new Set() });
    }
    if (failure) this.core.jobs.fail(slot, failure);
  }

  /** The slot has come back. @param {number} slot */
  ended(slot) {
    for (const worker of this.#troubles.get(slot)?.held ?? []) this.find('weft_js_hold')(worker, 0);
    this.#troubles.delete(slot);
  }

  /**
   * For who sleeps until a call has ended: does the call need what only the sleeper can do?
   *
   * @param {number} slot  of the call, 0 when it has none yet
   * @returns {string | undefined}  what it waits for, once two looks in a row have found it
   */
  needsCaller(slot) {
    const waits = this.#read();
    const own = waits.filter((wait) => wait.slot === slot && isStuck(wait) && wait.kind === 1 &&
      (wait.flags & (Flag.TIMED | Flag.HOSTS)) === Flag.HOSTS);
    // Who runs outside of calls is about to sleep, or could not start yet: that needs the sleeper.
    const stalled = waits.every(({ slot: inside, state, flags }) =>
      inside === 0 || isStuck({ slot: inside, state }) && !(state === State.WAITS && flags & Flag.TIMED));
    const stuck = own.length > 0 ? own : stalled ? waits.filter(isStuck) : [];
    const seen = stuck.length > 0 ? JSON.stringify([stuck, this.core.jobs.ended]) : '';
    const twice = seen !== '' && seen === this.#lastSync;
    this.#lastSync = seen;
    return twice ? stuck.map((wait) => this.#describe(wait)).join('; ') : undefined;
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
    if (flags & Flag.ABANDONED) return `${what}, abandoned: worker ${owner} held it in a call that failed or was ended`;
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
      for (const { worker } of running) {
        if (trouble.running.has(worker) && endWorker(this.core.crew, worker, slot)) trouble.held.add(worker);
      }
    }
    for (const worker of trouble.held) {
      if (!running.some((wait) => wait.worker === worker)) {
        this.find('weft_js_hold')(worker, 0);
        trouble.held.delete(worker);
      }
    }
    trouble.running = new Set(running.map(({ worker }) => worker));
    if (asleep.length + running.length > 0) return;
    for (const { worker } of inside) this.find('weft_js_end_wait')(worker, slot, END_UNWIND);
  }
}

/** It sleeps inside of a call. @param {Pick<Wait, 'slot' | 'state'>} wait */
const isStuck = ({ slot, state }) => slot !== 0 && (state === State.JOINS || state === State.WAITS);

/** It waits, without a limit, for a mutex that nobody will give. @param {Wait} wait */
const isAbandoned = (wait) => isStuck(wait) && wait.kind === 1 && wait.state === State.WAITS &&
  (wait.flags & (Flag.TIMED | Flag.ABANDONED)) === Flag.ABANDONED;

/**
 * Workers in a circle of mutexes: each waits, without a limit, for the next one's.
 *
 * @param {Wait[]} waits
 */
function inCycles(waits) {
  /** @param {Wait | undefined} wait */
  const next = (wait) => wait && wait.state === State.WAITS && wait.slot !== 0 && wait.owner >= 0 &&
    (wait.flags & (Flag.TIMED | Flag.HOSTS | Flag.HELD | Flag.ABANDONED)) === Flag.HELD ? waits[wait.owner] : undefined;
  return waits.filter((start) => {
    let wait = next(start);
    for (let steps = 0; wait && wait !== start && steps < waits.length; steps++) wait = next(wait);
    return wait === start;
  });
}

