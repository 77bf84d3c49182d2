/** The errors of what is no task. */
import { WeftError } from './errors.js';
import { findTask } from './task-known.js';

/** @param {import('./task-callable.js').TaskCallable} callable  @returns {never} */
export function refuseOthers({ name }) {
  throw new WeftError('WEFT_ERR_INVALID', `${name} is a task of another runtime`);
}

/** @param {import('./runtime.js').Core} core  @param {string} what  @param {unknown} task */
export function mustFindTask(core, what, task) {
  const callable = findTask(core, task);
  if (callable) return callable;
  throw new WeftError('WEFT_ERR_INVALID',
    `${what}: a worker cannot run ${typeof task === 'function' ? 'a function of the main thread' : `a ${typeof task}`}: take a task of rt.load()`);
}
