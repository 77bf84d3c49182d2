/** What becomes of a worker that has ended, or has to. */
import { WeftError } from './errors.js';
import { Failure } from './outcome.js';

/** From weft_js_hold: wherever the worker is, another one can go on in its place. */
const MAY_END = 2;

/** Workers that may die in one place before one of them gets to its loop. */
const LOSSES_MAX = 5;

/** @typedef {import('./crew.js').Crew} Crew */

/** @param {Crew} crew  @param {string} reason  @param {unknown} [cause] */
const lose = (crew, reason, cause) => crew.onFailure(new WeftError('WEFT_ERR_WORKER', reason, { cause }));

/**
 * Ends the worker that is inside a job which does not end, and lets another go on in its
 * place ("Successors" in wasm/ABI.md).
 *
 * @param {Crew} crew  @param {number} index  @param {number} slot  of the job
 * @returns {boolean}  true: it is held, to be ended at a later look
 */
export function endWorker(crew, index, slot) {
  const { members, core } = crew;
  const { engine, jobs } = /** @type {import('./runtime.js').Core} */ (core);
  const why = `${jobs.title(slot)} ran on after its end, and heeded no cancellation`;
  if (!engine.follow) {
    lose(crew, `${why}; a thread of Emscripten cannot be replaced, one of the wasi flavour can`);
    return false;
  }
  for (const member of members.values()) {
    if (member.address === 0 || engine.find('weft_worker_index')(member.address) !== index) continue;
    const hold = member.why || member.follows ? 0 : engine.find('weft_js_hold')(index, slot);
    if (hold === MAY_END) {
      member.why = why;
      member.worker.terminate();
    }
    return hold !== 0;
  }
  return false;
}

/**
 * @param {Crew} crew  @param {import('./crew.js').Member} member
 * @param {string} reason  why it has ended  @param {unknown} error
 */
export function workerEnded(crew, member, reason, error) {
  const { members, core } = crew;
  const { worker, address, losses } = member;
  const why = member.why || `a worker thread ended: ${reason}`;
  const cause = member.where ?? error;
  if (!core || (worker.runs && address === 0)) return lose(crew, why, cause); // it was starting
  const { engine, jobs } = core;
  if (engine.follow && !worker.runs) {
    members.delete(worker);
    return forgetIdle(crew, worker);
  }
  if (!engine.follow || losses === LOSSES_MAX || !engine.find('weft_js_followable')(engine.find('weft_worker_index')(address))) {
    return lose(crew, why, cause);
  }
  const slot = engine.find('weft_worker_slot')(address) >>> 0;
  if (slot !== 0) core.watchdog().fail(slot, new Failure('WEFT_ERR_WORKER', `${jobs.title(slot)}: ${why}`, cause));
  else if (cause !== undefined) core.host.warn?.(`${why}; another takes its place`, cause); // no call is there to tell
  try {
    members.delete(worker);
    const next = members.get(/** @type {any} */ (engine.follow(worker)));
    if (next) Object.assign(next, { address, losses: losses + 1, follows: true });
  } catch (error) {
    lose(crew, `${why}; and no worker can be created in its place`, error);
  }
}

/**
 * @param {Crew} crew  @param {import('./crew.js').Member} member
 * @param {any} message  that does not come often
 */
export function hearRarer(crew, member, message) {
  const { type } = message;
  if (type === 'weft:exiting') {
    member.why = `process.exit(${message.code}) was called`;
    member.where = Object.assign(new Error(message.error.message), message.error);
  } else if (type === 'weft:imported') crew.onImported(message);
  else if (type === 'weft:failed') {
    const { error } = message;
    lose(crew, `a worker thread failed: ${error.name}: ${error.message}`, error);
  } else if (type === 'weft:spawn') startThread(crew, message);
  else lose(crew, `a worker sent an unknown message ${type}`);
}

/** @param {Crew} crew  @param {any} message */
function startThread({ threads }, { thread, argument }) {
  try {
    threads?.run(thread, argument);
  } catch {
    threads?.failed(argument);
  }
}

/** A worker has ended, perhaps one that ran no thread. @param {Crew} crew  @param {import('./host.js').ThreadWorker} worker */
function forgetIdle({ threads }, worker) {
  if (threads?.idle.includes(worker)) threads.idle.splice(threads.idle.indexOf(worker), 1);
}

/** True when threads run that are no workers of weft's, nor about to become one. @param {Crew} crew */
export function othersRun({ members }) {
  return [...members.values()].some(({ worker, address }) => worker.runs && address === 0);
}

/** Ends the workers, whose threads have ended. @param {Crew} crew */
export function retire(crew) {
  for (const worker of crew.members.keys()) {
    crew.members.delete(worker);
    forgetIdle(crew, worker);
    worker.terminate();
  }
}
