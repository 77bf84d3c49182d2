import { othersRun, retire } from './crew-rare.js';
import { WeftError } from './errors.js';
import { STATUS, codeOf } from './status.js';

/** Ends the workers of a runtime that has nothing to do, and starts them again for the next call. */
export class Rest {
  #core;
  #limit;
  /** When the last call ended. */
  #since = performance.now();
  /** @type {any} */
  #timer;
  /** @type {'works' | 'ending' | 'ended'} */
  #state = /** @type {any} */ ('works');

  /** @param {import('./runtime.js').Core} core */
  constructor(core) {
    this.#core = core;
    this.#limit = core.settings.idleMs;
    this.idle();
  }

  /** Nothing is to be done from here on. */
  idle() {
    this.#since = performance.now();
    if (this.#timer === undefined) this.#arm(this.#limit);
  }

  /** @param {number} delay */
  #arm(delay) {
    this.#timer = setTimeout(() => this.#look(), Math.ceil(delay));
    this.#timer.unref?.();
  }

  /** One timer serves all calls: it finds out here whether there were any. */
  #look() {
    const { jobs, tasks, crew, engine, open } = this.#core;
    this.#timer = undefined;
    if (!open() || jobs.unsettled > 0) return; // who ends the last call begins anew
    const left = this.#since + this.#limit - performance.now();
    if (left > 0) return this.#arm(left);
    const busy = jobs.open > 0 || tasks?.loading || othersRun(crew) || engine.find('weft_js_rest')() === 0;
    if (busy) return this.#arm(this.#limit);
    this.#state = 'ending';
    crew.until(() => crew.present === 0).then(() => {
      if (this.#state === 'ending' && open()) this.#end();
    });
  }

  /** Waits for threads that are on their last steps. */
  #end() {
    const { crew, engine } = this.#core;
    this.#state = 'ended';
    engine.find('weft_js_rested')();
    retire(crew);
  }

  /**
   * Starts the workers if they were ended. They take what is submitted from here on.
   *
   * @throws {WeftError} `WEFT_ERR_NOMEM`, `WEFT_ERR_WORKER`; the runtime is lost then
   */
  wake() {
    if (this.#state === 'works') return;
    if (this.#state === 'ending') this.#end();
    const { crew, engine, settings, info } = this.#core;
    this.#state = 'works';
    const status = engine.find('weft_js_start')(info.threads, settings.stackBytes, settings.spinNs);
    if (status === STATUS.WEFT_OK) return this.idle();
    const error = new WeftError(codeOf(status) ?? 'WEFT_ERR_WORKER',
      `the workers that were ended after ${this.#limit} ms without a call could not be started again`,
      { cause: crew.refused });
    crew.onFailure(error);
    throw error;
  }
}
