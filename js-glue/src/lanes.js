/** A lane is moved up when so many of its entries are spent. */
const SPENT_MAX = 4096;

/**
 * A call that waits for a slot.
 * @typedef {object} Queued
 * @property {import('./arguments.js').Callable} callable
 * @property {any[]} values
 * @property {import('./arguments.js').Holdings | undefined} holdings
 * @property {import('./jobs.js').Waiter | undefined} waiter  undefined: settled meanwhile
 */

/** The calls that wait for a slot, oldest first, in two lanes. */
export class Lanes {
  /** @type {Queued[][]} */
  #queues = [[], []];
  #heads = [0, 0];

  /** @param {number} lane  @param {Queued} queued */
  add(lane, queued) {
    this.#queues[lane].push(queued);
    return queued;
  }

  /** The oldest one, taken off. @param {number} lane  @returns {Queued | undefined} */
  take(lane) {
    const queue = this.#queues[lane];
    const head = this.#heads[lane];
    if (head === queue.length) return undefined;
    const queued = queue[head];
    this.#heads[lane] = head + 1;
    if (head + 1 === queue.length) queue.length = this.#heads[lane] = 0;
    else if (head > SPENT_MAX) queue.splice(0, head + 1), this.#heads[lane] = 0;
    return queued;
  }

  /** All that wait. @returns {Queued[]} */
  all() {
    return this.#queues.flatMap((queue, lane) => queue.slice(this.#heads[lane]));
  }

  /** Takes all of them off. */
  clear() {
    const all = this.all();
    this.#queues = [[], []];
    this.#heads = [0, 0];
    return all;
  }
}
