/**
 * What a task asks of the runtime that it runs on; for modules that rt.load loads:
 *
 *     import { forEach, progress } from 'weft/task';
 *
 * All of them throw `WEFT_ERR_STATE` outside of a task.
 */
import { WeftError } from './errors.js';
import { show } from './show.js';
import { taskThread } from './task-thread.js';

/** True when the call that this task belongs to was aborted, or has taken too long. */
export function cancelled() {
  return taskThread('cancelled').look() === 1;
}

/** Ends the task here if it is cancelled, by an error that it should not catch. */
export function checkpoint() {
  if (taskThread('checkpoint').look() === 1) throw new WeftError('WEFT_ERR_CANCELLED', 'the task was cancelled');
}

/**
 * Reports how far the task is, to onProgress and job.progress of its caller.
 *
 * @param {number} done  from 0  @param {number} total
 */
export function progress(done, total) {
  const thread = taskThread('progress');
  if (!(done >= 0) || !(total >= 0) || done === Infinity || total === Infinity) {
    throw new WeftError('WEFT_ERR_INVALID', `progress: done and total are numbers from 0, got ${show(done)} and ${show(total)}`);
  }
  thread.progress(done, total);
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
  taskThread('forEach').forEach(range, task, args);
}
