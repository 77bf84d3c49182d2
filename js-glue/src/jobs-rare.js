/** How jobs end otherwise than well, and the errors of calls that cannot be made. */
import { WeftError } from './errors.js';
import { SLOT_BYTES, SLOT_COUNT } from './layout.js';
import { Failure, titled } from './outcome.js';

/** @typedef {import('./jobs.js').Waiter} Waiter */
/**
 * @typedef {object} Parts
 * @property {import('./jobs.js').Jobs} jobs
 * @property {any[]} callables  by slot
 * @property {(Waiter | undefined)[]} waiters  by slot
 * @property {import('./lanes.js').Lanes | undefined} lanes  once a call had to wait for a slot
 * @property {{ slot: number, lane: number }[]} refused  slots that C had no room for
 * @property {(slot: number, outcome: any) => void} end  frees a slot
 * @property {(waiter: Waiter, outcome: any) => void} settle
 */

/** @param {Parts} parts */
export function ownersOf({ jobs, waiters, lanes }) {
  const queued = lanes?.all().map(({ waiter }) => waiter) ?? [];
  const { Job } = jobs.core.extras;
  return [...waiters, ...queued].filter((waiter) => waiter instanceof Job);
}

/** @param {import('./arguments.js').Callable} callable  @param {number} pending  @returns {never} */
export function refuseCall({ name }, pending) {
  throw new WeftError('WEFT_ERR_LIMIT',
    `${name}: ${pending} calls are pending, as many as maxQueued allows: await rt.ready before each`);
}

/**
 * Hands over what C had no room for. Its queue is full of C's own jobs, or a worker that has taken
 * one has not given its cell back yet ("inbox.h"). To be called again when a job has come back.
 *
 * @param {Parts} parts  with no batch begun
 */
export function offerAgain({ jobs, callables, waiters, refused, end }) {
  while (refused.length > 0) {
    const [{ slot, lane }] = refused;
    const index = (slot - jobs.slots) / SLOT_BYTES;
    const waiter = waiters[index];
    const settled = typeof waiter === 'function' ? false : waiter?.settled ?? true;
    jobs.i32[jobs.list] = slot;
    if (settled || jobs.submit(1, lane) === 0) {
      if (!settled && jobs.open > refused.length) return; // a job that is with C will come back
      refused.shift();
      end(slot, new Failure('WEFT_ERR_LIMIT', `${callables[index].name}: too many jobs wait that C code has submitted`));
    } else refused.shift();
  }
}

/**
 * @param {Parts} parts  @param {import('./jobs.js').Owner} owner
 * @param {import('./jobs.js').Queued | undefined} queued  @param {any} outcome
 */
export function abandonJob({ jobs, refused, end, settle }, owner, queued, outcome) {
  if (owner.slot !== 0) {
    jobs.flush(); // or handing it over would take the request back
    const at = refused.findIndex(({ slot }) => slot === owner.slot);
    if (at >= 0) {
      const [{ slot }] = refused.splice(at, 1);
      return end(slot, outcome);
    }
    jobs.find('weft_js_cancel')(owner.slot);
    jobs.core.pulse.expect(owner);
  } else if (queued) {
    if (queued.holdings) jobs.heap.release(queued.holdings);
    queued.waiter = undefined;
  }
  settle(owner, outcome);
}

/** @param {Parts} parts  @param {number} slot  @param {Failure} failure */
export function failJob({ jobs, waiters, settle }, slot, failure) {
  const index = ((slot - jobs.slots) / SLOT_BYTES) | 0;
  const waiter = waiters[index];
  jobs.find('weft_js_cancel')(slot);
  if (typeof waiter === 'function') waiters[index] = undefined;
  if (waiter !== undefined) settle(waiter, failure);
}

/** @param {Parts} parts  @param {number} slot */
export function titleOf({ jobs, callables, waiters }, slot) {
  const index = ((slot - jobs.slots) / SLOT_BYTES) | 0;
  return titled(callables[index]?.name ?? 'a call', waiters[index]);
}

/** @param {Parts} parts  @param {string} why */
export function cancelAll({ jobs, callables }, why) {
  jobs.flush();
  jobs.drain();
  for (let i = 0; i < SLOT_COUNT; i++) {
    if (callables[i]) jobs.find('weft_js_cancel')(jobs.slots + SLOT_BYTES * i);
  }
  jobs.failAll('WEFT_ERR_CANCELLED', why);
}

/**
 * @param {Parts} parts  @param {import('./errors.js').WeftCode} code
 * @param {string} why  @param {unknown} [cause]
 */
export function failAll({ jobs, callables, waiters, lanes, settle }, code, why, cause) {
  const fail = (/** @type {Waiter} */ waiter, /** @type {string} */ name) =>
    settle(waiter, new Failure(code, `${titled(name, waiter)}: ${why}`, cause));
  const queued = lanes?.clear() ?? [];
  for (let i = 0; i < SLOT_COUNT; i++) {
    const waiter = waiters[i];
    if (typeof waiter === 'function') waiters[i] = undefined;
    if (waiter) fail(waiter, callables[i].name);
  }
  for (const { callable, holdings, waiter } of queued) {
    if (!waiter) continue;
    if (holdings && !jobs.dead) jobs.heap.release(holdings);
    fail(waiter, callable.name);
  }
}
