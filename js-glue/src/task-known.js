import { refuseOthers } from './task-known-rare.js';

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
  if (entry && entry.core !== core) refuseOthers(entry.callable);
  return entry?.callable;
}
