import { Slot } from './layout.js';

/** How often somebody who listens is told, at most. */
const POLL_MS = 50;
const TICK = Promise.resolve();

/** @type {Set<ProgressReader>} those that somebody listens to */
const watched = new Set();
/** @type {any} */
let timer;

/** @param {ProgressReader} reader */
function watch(reader) {
  watched.add(reader);
  timer ??= setInterval(() => {
    for (const each of watched) each.look();
  }, POLL_MS);
  timer.unref?.(); // the pending call keeps the process alive
}

/** @param {ProgressReader} reader */
function unwatch(reader) {
  watched.delete(reader);
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** Reads the progress words of a job's slot. No messages: the main thread looks. */
export class ProgressReader {
  /** @type {import('./control.js').Progress | undefined} what was read last */
  #newest;
  #view;
  #job;
  #ended;
  #users = 0;
  /** @type {((progress: import('./control.js').Progress) => void) | undefined} */
  #listener;
  /** @type {(() => void)[]} iterators that wait for a change or the end */
  #waiting = [];

  /** @param {DataView} view  @param {import('./jobs.js').Owner} job */
  constructor(view, job) {
    this.#view = view;
    this.#job = job;
    this.#ended = job.settled;
  }

  /** @param {(progress: import('./control.js').Progress) => void} listener */
  listen(listener) {
    this.#listener = listener;
    this.#use(1);
  }

  /** @param {1 | -1} change */
  #use(change) {
    this.#users += change;
    if (this.#users > 0 && !this.#ended) watch(this);
    else unwatch(this);
  }

  look() {
    const { slot } = this.#job;
    if (slot === 0 || this.#ended) return;
    const done = Number(this.#view.getBigUint64(slot + Slot.DONE, true));
    const total = Number(this.#view.getBigUint64(slot + Slot.TOTAL, true));
    if (done === (this.#newest?.done ?? 0) && total === (this.#newest?.total ?? 0)) return;
    const progress = this.#newest = { done, total };
    TICK.then(() => this.#listener?.(progress)); // outside of all else
    this.#wake();
  }

  end() {
    this.#ended = true;
    unwatch(this);
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** @returns {AsyncGenerator<import('./control.js').Progress, void>} */
  async *[Symbol.asyncIterator]() {
    let told;
    this.#use(1);
    try {
      for (;;) {
        if (this.#newest && this.#newest !== told) yield (told = this.#newest);
        else if (this.#ended) return;
        else await /** @type {Promise<void>} */ (new Promise((resolve) => this.#waiting.push(resolve)));
      }
    } finally {
      this.#use(-1);
    }
  }
}
