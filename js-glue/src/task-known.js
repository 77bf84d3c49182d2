import { WeftError } from './errors.js';

/**
 * What stands behind the functions that load has given.
 * @type {WeakMap<Function, { callable: import('./task-callable.js').TaskCallable, core: import('./runtime.js').Core }>}
 */
export const known = new WeakMap();

/**
 * @param {import('./runtime.js').Core} core  @param {unknown} task
 * @returns {import('./task-callable.js').TaskCallable | undefined}
 * @throws {WeftError} `WEFT_ERR_INVALID` when it is another runtime's
 */
export function findTask(core, task) {
  const entry = typeof task === 'function' ? known.get(task) : undefined;
  if (entry && entry.core !== core) {
    throw new WeftError('WEFT_ERR_INVALID', `${entry.callable.name} is a task of another runtime`);
  }
  return entry?.callable;
}

/** @param {import('./runtime.js').Core} core  @param {string} what  @param {unknown} task */
export function mustFindTask(core, what, task) {
  const callable = findTask(core, task);
  if (callable) return callable;
  throw new WeftError('WEFT_ERR_INVALID',
    `${what}: a worker cannot run ${typeof task === 'function' ? 'a function of the main thread' : `a ${typeof task}`}: take a task of rt.load()`);
}
