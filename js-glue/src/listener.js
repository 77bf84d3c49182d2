import { Listening, Word } from './layout.js';

/** Looks for finished jobs before the host sleeps: about as long as falling asleep takes. */
const LOOKS = 100;

/** How long one job after the other may keep the event loop waiting. */
const TURN_MS = 4;

const TICK = Promise.resolve();

/**
 * How the host hears of finished jobs: it looks as long as there are some, then sleeps on
 * the word FINISHED. Many that finish meanwhile wake it once.
 */
export class Listener {
  #scheduled = false;
  #listening = false;
  #rounds = 0;
  #yielded = 0;

  /** @param {import('./jobs.js').Jobs} jobs  @param {boolean} waitAsync */
  constructor(jobs, waitAsync) {
    this.jobs = jobs;
    this.waitAsync = waitAsync;
    this.turn = this.turn.bind(this);
    this.round = this.round.bind(this);
  }

  /** A call has been made: what it needs is done once the caller has come to its end. */
  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    TICK.then(this.turn);
  }

  turn() {
    this.#scheduled = false;
    const { jobs } = this;
    if (jobs.dead) return;
    jobs.turn();
    if (this.#listening) return;
    this.#listening = true;
    this.round();
  }

  /** Takes what has finished, lets those who awaited it go on, and comes again. */
  round() {
    const { jobs } = this;
    if (!jobs.dead) jobs.flush();
    if (jobs.drain() > 0 || this.#look()) this.#again();
    else if (jobs.open === 0 || jobs.dead) this.#listening = false;
    else this.#sleep();
  }

  #look() {
    const { jobs } = this;
    if (jobs.open === 0 || jobs.dead) return false;
    for (let i = 0; i < LOOKS; i++) {
      if (jobs.finished()) return jobs.drain() > 0;
    }
    return false;
  }

  #again() {
    if (this.jobs.open === 0) {
      this.#listening = false;
      return;
    }
    if ((++this.#rounds & 63) === 0 && performance.now() - this.#yielded > TURN_MS) {
      this.#yielded = performance.now();
      this.jobs.core.host.later(this.round);
    } else TICK.then(this.round);
  }

  #sleep() {
    const { jobs } = this;
    const { i32, layout } = jobs;
    const word = layout + Word.FINISHED;
    Atomics.store(i32, layout + Word.LISTENING, this.waitAsync ? Listening.WAIT_ASYNC : Listening.SIGNAL);
    const seen = Atomics.load(i32, word);
    if (jobs.drain() > 0) {
      Atomics.store(i32, layout + Word.LISTENING, Listening.AWAKE);
      this.#again();
    } else if (this.waitAsync) {
      const wait = /** @type {any} */ (Atomics).waitAsync(i32, word, seen);
      if (wait.async) wait.value.then(this.round);
      else this.#again();
    }
  }

  /** For the fallback without waitAsync: a worker has sent its message. */
  onSignal() {
    if (this.#listening) this.round();
  }

  /** C must not be called any more. */
  stop() {
    this.#listening = false;
    const { i32, layout } = this.jobs;
    Atomics.notify(i32, layout + Word.FINISHED); // ends a waitAsync of ours
  }
}
