import { WeftError } from './errors.js';

const TICK = Promise.resolve();

/** How a job failed. */
export class Failure {
  /** @param {import('./errors.js').WeftCode} code  @param {string} message  @param {unknown} [cause] */
  constructor(code, message, cause) {
    this.code = code;
    this.message = message;
    this.cause = cause;
  }

  error() {
    return new WeftError(this.code, this.message,
      this.cause === undefined ? undefined : { cause: this.cause });
  }

  /**
   * A promise to resolve a call's promise with, so that it rejects. The error is made here, in
   * an async function that is resumed after the two are linked: V8 then knows who awaits the
   * call, and the stack names the caller, at no cost for calls that succeed (capturing a
   * stack for each would cost 2 to 9 µs).
   *
   * @returns {Promise<never>}
   */
  async raise() {
    await TICK;
    await TICK;
    throw this.error();
  }
}

/** A job that was ended by somebody who said why, with any value. */
export class Rejection extends Failure {
  /** @param {any} reason */
  constructor(reason) {
    super('WEFT_ERR_CANCELLED', '', reason);
  }

  error() {
    return /** @type {any} */ (this.cause);
  }
}

/**
 * A call in messages.
 *
 * @param {string} name  @param {import('./jobs.js').Waiter | undefined} waiter
 */
export function titled(name, waiter) {
  return typeof waiter === 'object' && waiter.label ? `${waiter.label} (${name})` : name;
}
