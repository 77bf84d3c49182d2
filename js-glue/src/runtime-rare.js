/** How a runtime fails, and what it says when it has ended. */
import { WeftError } from './errors.js';

/** @typedef {import('./runtime.js').Core} Core */

/** @param {WeftError | undefined} failure  @returns {never} */
export function refuseClosed(failure) {
  if (failure) {
    throw new WeftError('WEFT_ERR_WORKER', `this runtime is unusable, make a new one: ${failure.message}`, { cause: failure });
  }
  throw new WeftError('WEFT_ERR_CLOSED', 'this runtime is closed');
}

/** The runtime closes, and with it its locks, channels and tasks. @param {Core} core */
export function endObjects({ shared, tasks }) {
  const closed = new WeftError('WEFT_ERR_CLOSED', 'this runtime is closed');
  shared?.settle();
  shared?.end(closed);
  tasks?.end(closed);
}

/** The workers are lost. @param {Core} core  @param {WeftError} error */
export function failEverything({ jobs, shared, tasks }, error) {
  shared?.end(error);
  tasks?.end(error);
  jobs.kill();
  jobs.failAll('WEFT_ERR_WORKER', error.message, error.cause);
}
