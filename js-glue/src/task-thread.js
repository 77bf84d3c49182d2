import { WeftError } from './errors.js';

/**
 * What a thread that runs tasks offers them. It lies in the global object, so that every
 * copy of the module weft/task finds it.
 * @typedef {object} TaskThread
 * @property {() => number} look  1: the task's job is cancelled; 0: it is not; -1: no task
 *   runs
 * @property {(done: number, total: number) => void} progress
 * @property {() => number} threadIndex
 * @property {() => number} threads
 * @property {(name: string, args: any[]) => any} call
 * @property {(range: Range, task: Function, args: any[]) => void} forEach
 */

/**
 * A range of indices: how many from 0 on, the first and the one after the last, or these
 * and the least number of indices to be taken at once.
 * @typedef {number | readonly [first: number, last: number]
 *   | { first?: number, last: number, grain?: number }} Range
 */

const KEY = Symbol.for('weft.task');

/** @param {TaskThread} thread */
export function setTaskThread(thread) {
  /** @type {any} */ (globalThis)[KEY] = thread;
}

/** @returns {TaskThread | undefined}  undefined outside of a task */
export function runningTask() {
  const thread = /** @type {any} */ (globalThis)[KEY];
  return thread && thread.look() >= 0 ? thread : undefined;
}

/**
 * @param {string} who  asks
 * @returns {TaskThread}
 * @throws {WeftError} `WEFT_ERR_STATE` outside of a task
 */
export function taskThread(who) {
  const thread = runningTask();
  if (thread) return thread;
  throw new WeftError('WEFT_ERR_STATE', `${who}: only a task that runs can ask that`);
}

/**
 * @param {Range} range
 * @returns {{ first: number, last: number, grain: number }}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function readRange(range) {
  const { first = 0, last, grain = 0 } = typeof range === 'number' ? { last: range }
    : Array.isArray(range) ? { first: range[0], last: range[1] }
      : /** @type {any} */ (range ?? {});
  for (const [name, value] of Object.entries({ first, last, grain })) {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) continue;
    throw new WeftError('WEFT_ERR_INVALID',
      `forEach: the range is a count, [first, last] or { first, last, grain }, of integers from 0 to 2^32-1; ${name} is ${typeof value === 'number' ? value : typeof value}`);
  }
  if (first > last) throw new WeftError('WEFT_ERR_INVALID', `forEach: the range begins at ${first}, behind its end ${last}`);
  return { first, last, grain };
}
