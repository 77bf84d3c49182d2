import { writeCells } from './arguments.js';
import { STATUS, codeOf } from './errors.js';
import { Listening, SLOT_BYTES, SLOT_COUNT, Slot, Word } from './layout.js';
import { Failure, readOutcome } from './outcome.js';

const WATCH_MS = 250;

/**
 * A call on its way.
 * @typedef {object} Job
 * @property {import('./arguments.js').Callable} callable
 * @property {(number | bigint)[]} values
 * @property {import('./arguments.js').Holdings} holdings
 * @property {(outcome: number | bigint | undefined | Failure) => void} resolve
 * @property {boolean} settled
 */

/** The jobs of one runtime, from the call to the outcome. */
export class Jobs {
  /** @type {number[]} addresses of free slots */
  #free = [];
  /** @type {Map<number, Job>} by the address of the slot; C's until they come back */
  #open = new Map();
  /** @type {Job[]} waiting for a slot, oldest first */
  #queue = [];
  #queueHead = 0;
  #unsettled = 0;
  #listening = false;
  #dead = false;
  /** @type {any} what keeps the process alive while calls are pending, and the watchdog */
  #timer;
  #finishedWhenStalled = -1;
  /** @type {(() => void)[]} */
  #idleListeners = [];

  /**
   * @param {import('./engine-wasi.js').Engine} engine  started
   * @param {boolean} waitAsync
   * @param {(job: Job) => void} onSettled  gives back what the job held; not called once
   *   the runtime is dead
   */
  constructor(engine, waitAsync, onSettled) {
    const { memory, find } = engine;
    const layout = find('weft_js_layout')() >>> 0;
    this.view = new DataView(memory.buffer);
    this.words = new Int32Array(memory.buffer, layout, 18);
    this.find = find;
    this.finished = find('weft_js_finished');
    this.submit = find('weft_js_submit');
    this.waitAsync = waitAsync;
    this.onSettled = onSettled;
    const slots = this.words[Word.SLOTS] >>> 0;
    for (let i = SLOT_COUNT - 1; i >= 0; i--) this.#free.push(slots + SLOT_BYTES * i);
  }

  /** Calls that have no outcome yet. */
  get unsettled() {
    return this.#unsettled;
  }

  /** Jobs that C has not given back. */
  get open() {
    return this.#open.size;
  }

  /**
   * @param {import('./arguments.js').Callable} callable
   * @param {(number | bigint)[]} values
   * @param {import('./arguments.js').Holdings} holdings
   * @returns {Promise<number | bigint | undefined | Failure>}
   */
  run(callable, values, holdings) {
    return new Promise((resolve) => {
      const job = { callable, values, holdings, resolve, settled: false };
      this.#unsettled++;
      this.#keepAlive();
      if (this.#free.length > 0) this.#start(job);
      else this.#queue.push(job);
      this.#listen();
    });
  }

  /** Takes every finished job; called when the host was told that there are some. */
  drain() {
    let taken = 0;
    for (let slot; !this.#dead && (slot = this.finished() >>> 0) !== 0; taken++) {
      const job = /** @type {Job} */ (this.#open.get(slot));
      this.#open.delete(slot);
      const outcome = readOutcome(this, slot, job.callable);
      this.#free.push(slot);
      this.#settle(job, outcome);
    }
    while (this.#free.length > 0 && this.#queueHead < this.#queue.length) {
      this.#start(this.#queue[this.#queueHead++]);
    }
    if (this.#queueHead === this.#queue.length && this.#queueHead > 0) {
      this.#queue = [];
      this.#queueHead = 0;
    }
    return taken;
  }

  /** For the fallback without waitAsync: a worker has sent its message. */
  onSignal() {
    if (this.#listening) this.#listenForSignal();
  }

  /** Resolves once no call is without outcome. @returns {Promise<void>} */
  settled() {
    if (this.#unsettled === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  /** Asks C to end every job early and fails the calls. @param {string} why */
  cancel(why) {
    this.drain();
    for (const slot of this.#open.keys()) this.find('weft_js_cancel')(slot);
    this.failAll('WEFT_ERR_CANCELLED', why);
  }

  /** C must not be called any more. */
  kill() {
    this.#dead = true;
    this.#listening = false;
    Atomics.notify(this.words, Word.FINISHED); // ends a waitAsync of ours
  }

  /**
   * Fails every call that has no outcome. Jobs that C still runs stay its own.
   *
   * @param {import('./errors.js').WeftCode} code  @param {string} why  @param {unknown} [cause]
   */
  failAll(code, why, cause) {
    const queued = this.#queue.slice(this.#queueHead);
    this.#queue = [];
    this.#queueHead = 0;
    for (const job of [...this.#open.values(), ...queued]) {
      if (job.settled) continue;
      job.settled = true;
      this.#unsettled--;
      if (queued.includes(job)) this.#release(job);
      job.resolve(new Failure(code, `${job.callable.name}: ${why}`, cause));
    }
    this.#checkIdle();
  }

  /** @param {Job} job */
  #start(job) {
    const slot = /** @type {number} */ (this.#free.pop());
    const { callable, values } = job;
    this.view.setUint32(slot + Slot.FUNCTION, callable.id, true);
    writeCells(this.view, slot, callable.params, values);
    this.#open.set(slot, job);
    const status = this.submit(slot);
    if (status === STATUS.WEFT_OK) return;
    this.#open.delete(slot);
    this.#free.push(slot);
    const code = codeOf(status) ?? 'WEFT_ERR_STATE';
    this.#settle(job, new Failure(code, `${callable.name}: the runtime did not take the call`));
  }

  /** @param {Job} job  @param {number | bigint | undefined | Failure} outcome */
  #settle(job, outcome) {
    this.#release(job);
    if (job.settled) return;
    job.settled = true;
    this.#unsettled--;
    job.resolve(outcome);
    this.#checkIdle();
  }

  /** @param {Job} job */
  #release(job) {
    if (!this.#dead) this.onSettled(job);
  }

  #listen() {
    if (this.#listening || this.#dead) return;
    this.#listening = true;
    if (this.waitAsync) this.#listenAsync();
    else this.#listenForSignal();
  }

  async #listenAsync() {
    const { words } = this;
    while (this.#open.size > 0 && !this.#dead) {
      Atomics.store(words, Word.LISTENING, Listening.WAIT_ASYNC);
      const seen = Atomics.load(words, Word.FINISHED);
      if (this.drain() > 0) continue;
      const wait = /** @type {any} */ (Atomics).waitAsync(words, Word.FINISHED, seen);
      if (wait.async) await wait.value;
    }
    this.#stopListening();
  }

  #listenForSignal() {
    do {
      Atomics.store(this.words, Word.LISTENING, Listening.SIGNAL);
    } while (this.drain() > 0);
    if (this.#open.size === 0) this.#stopListening();
  }

  #stopListening() {
    this.#listening = false;
    if (!this.#dead) Atomics.store(this.words, Word.LISTENING, Listening.AWAKE);
  }

  #keepAlive() {
    if (this.#timer) {
      if (this.#unsettled === 1) this.#timer.ref?.();
    } else {
      this.#timer = setInterval(() => this.#watch(), WATCH_MS);
    }
  }

  #checkIdle() {
    if (this.#unsettled > 0) return;
    this.#timer?.unref?.();
    for (const resolve of this.#idleListeners.splice(0)) resolve();
  }

  /** Ends itself when there is nothing to watch: an idle runtime does not wake up. */
  #watch() {
    if (this.#unsettled === 0 || this.#dead) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const finished = Atomics.load(this.words, Word.FINISHED);
    const stalled = this.find('weft_js_stalled')() !== 0;
    if (stalled && finished === this.#finishedWhenStalled) {
      this.drain();
      this.failAll('WEFT_ERR_DEADLOCK',
        'every worker sleeps and none of the open calls can go on: they wait for each other');
    }
    this.#finishedWhenStalled = stalled ? finished : -1;
  }
}
