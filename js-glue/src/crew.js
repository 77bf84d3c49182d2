import { WeftError } from './errors.js';
import { isOurs } from './protocol.js';

/** The workers of one runtime, and what they report. */
export class Crew {
  /** @type {import('./host.js').ThreadWorker[]} */
  #workers = [];
  #ready = 0;
  #ended = 0;
  #dismissed = false;
  /** @type {(() => void)[]} called after every report */
  #waiting = [];

  /**
   * @param {object} listeners
   * @param {() => void} listeners.onSignal  jobs have finished
   * @param {(error: WeftError) => void} listeners.onFailure  a worker is lost
   */
  constructor({ onSignal, onFailure }) {
    this.onSignal = onSignal;
    this.onFailure = onFailure;
    /** @type {(worker: import('./host.js').ThreadWorker, message: any) => void} */
    this.onThread = () => {};
  }

  /** @param {import('./host.js').ThreadWorker} worker */
  add(worker) {
    this.#workers.push(worker);
    worker.onMessage((message) => {
      if (!this.#dismissed && isOurs(message)) this.#hear(worker, message);
    });
    worker.onEnd((reason, cause) => {
      if (!this.#dismissed) this.#lose(`a worker thread ended: ${reason}`, cause);
    });
    return worker;
  }

  /** Workers that have entered their loop. */
  get ready() {
    return this.#ready;
  }

  /** Workers that have left their loop. */
  get ended() {
    return this.#ended;
  }

  /**
   * Resolves once `condition` holds after a report of a worker; never if it never does.
   *
   * @param {() => boolean} condition
   * @returns {Promise<void>}
   */
  until(condition) {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting = this.#waiting.filter((other) => other !== check);
        resolve();
      };
      this.#waiting.push(check);
    });
  }

  /** Ends every worker, whatever it is doing. */
  async dismiss() {
    this.#dismissed = true;
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }

  /** @param {import('./host.js').ThreadWorker} worker  @param {{ type: string }} message */
  #hear(worker, message) {
    const { type } = message;
    if (type === 'weft:ready') this.#ready++;
    else if (type === 'weft:ended') this.#ended++;
    else if (type === 'weft:signal') this.onSignal();
    else if (type === 'weft:failed') {
      const { error } = /** @type {any} */ (message);
      this.#lose(`a worker thread failed: ${error.name}: ${error.message}`, error);
    } else if (type === 'weft:exited' || type === 'weft:spawn') this.onThread(worker, message);
    else if (type !== 'weft:loaded') this.#lose(`a worker sent an unknown message ${type}`);
    for (const check of [...this.#waiting]) check();
  }

  /** @param {string} reason  @param {unknown} [cause] */
  #lose(reason, cause) {
    this.onFailure(new WeftError('WEFT_ERR_WORKER', reason, { cause }));
  }
}
