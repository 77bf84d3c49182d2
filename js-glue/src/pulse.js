const WATCH_MS = 200;

/** What happens now and then: the process is kept alive while calls are pending, the watchdog looks. */
export class Pulse {
  #core;
  /** @type {any} */
  #timer;
  /** Settled jobs that C has not given back, and until when it may take its time.
   * @type {Map<import('./jobs.js').Owner, number>} */
  #late = new Map();

  /** @param {import('./runtime.js').Core} core */
  constructor(core) {
    this.#core = core;
    this.rest = core.settings.idleMs > 0 ? new core.extras.Rest(core) : undefined;
  }

  /** Workers are needed. @throws {import('./errors.js').WeftError} `WEFT_ERR_WORKER` */
  wake() {
    this.rest?.wake();
  }

  /** The first call after a while. @throws {import('./errors.js').WeftError} `WEFT_ERR_WORKER` */
  begin() {
    this.rest?.wake();
    if (this.#timer) this.#timer.ref?.();
    else this.#timer = setInterval(() => this.#beat(), WATCH_MS);
  }

  /** No call is pending any more. */
  end() {
    this.#timer?.unref?.();
    this.rest?.idle();
  }

  /** Ends itself when there is nothing to watch: an idle runtime does not wake up. */
  #beat() {
    const { jobs, watch } = this.#core;
    if (!jobs.dead && (jobs.unsettled > 0 || this.#late.size > 0 || watch?.busy)) return this.look();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A job was ended by its caller, and C is asked to come to its end. @param {import('./jobs.js').Owner} owner */
  expect(owner) {
    this.#late.set(owner, performance.now() + this.#core.settings.graceMs);
  }

  /** It has. @param {import('./jobs.js').Owner} owner */
  came(owner) {
    this.#late.delete(owner);
  }

  /** One look of the watchdog. */
  look() {
    this.#core.watchdog().beat(this.#late);
  }
}
