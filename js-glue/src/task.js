/**
 * What a task asks of the runtime that it runs on; for modules that rt.load loads:
 *
 *     import { forEach, progress } from 'weft/task';
 *
 * Code that uses them also runs outside of a task, in a unit test say: there nothing is cancelled,
 * progress goes nowhere, and forEach is a plain call. What only a task can be told, threadIndex,
 * threads and call, throws `WEFT_ERR_STATE`.
 */
import { WeftError } from './errors.js';
import { show } from './show.js';
import { readRange, runningTask, taskThread } from './task-thread.js';

/** True when the call that this task belongs to was aborted, or has taken too long. */
export function cancelled() {
  return runningTask()?.look() === 1;
}

/** Ends the task here if it is cancelled, by an error that it should not catch. */
export function checkpoint() {
  if (cancelled()) throw new WeftError('WEFT_ERR_CANCELLED', 'the task was cancelled');
}

/**
 * Reports how far the task is, to onProgress and job.progress of its caller.
 *
 * @param {number} done  from 0  @param {number} total
 */
export function progress(done, total) {
  if (!(done >= 0) || !(total >= 0) || done === Infinity || total === Infinity) {
    throw new WeftError('WEFT_ERR_INVALID', `progress: done and total are numbers from 0, got ${show(done)} and ${show(total)}`);
  }
  runningTask()?.progress(done, total);
}

/** The number of the worker that runs this, from 0. */
export function threadIndex() {
  return taskThread('threadIndex').threadIndex();
}

/** How many workers there are. */
export function threads() {
  return taskThread('threads').threads();
}

/**
 * Calls an exported C function on this worker and waits for it. A trap in it ends the task.
 *
 * @param {string} name  @param {...any} args  as for rt.call
 * @returns {any}
 */
export function call(name, ...args) {
  return taskThread('call').call(name, args);
}

/**
 * Runs a function on slices of a range, on this worker and on those that have nothing to
 * do, and returns when all are done. An error in a slice ends the task.
 *
 * @template {any[]} A
 * @param {import('./task-thread.js').Range} range
 * @param {(first: number, last: number, ...args: A) => void} task  exported by a loaded module
 * @param {A} args  copies, but for arrays of the runtime and shared objects
 */
export function forEach(range, task, ...args) {
  const thread = runningTask();
  if (thread) return thread.forEach(range, task, args);
  const { first, last } = readRange(range);
  if (first < last) task(first, last, ...args);
}
