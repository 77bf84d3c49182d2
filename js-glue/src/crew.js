import { hearRarer, workerEnded } from './crew-rare.js';
import { isOurs } from './protocol.js';

/**
 * What is known of a worker.
 * @typedef {object} Member
 * @property {import('./host.js').ThreadWorker} worker
 * @property {number} address  of the record of C while it is in its loop, else 0
 * @property {number} losses  of workers in this place, since one of them was ready
 * @property {boolean} follows  and has not come to where the dead one was
 * @property {string} why  it ends; empty: not known yet
 * @property {Error | undefined} where
 */

/**
 * What runs the threads of C, in the wasi flavour.
 * @typedef {object} Threads
 * @property {import('./host.js').ThreadWorker[]} idle  run none
 * @property {(thread: number, argument: number) => unknown} run  starts one
 * @property {(argument: number) => void} failed  tells C that one has not started
 */

const nothing = () => {};

/** The workers of one runtime, and what they report. */
export class Crew {
  /** @type {Map<import('./host.js').ThreadWorker, Member>} */
  members = new Map();
  /** @type {import('./runtime.js').Core | undefined} once the runtime works */
  core;
  /** Workers that have entered their loop. */
  ready = 0;
  #dismissed = false;
  /** @type {(() => void)[]} called after every report */
  #waiting = [];
  /** What the host threw when it refused to create a worker, or to send it the memory.
   * @type {unknown} */
  refused;
  /** @type {Threads | undefined} those of the wasi flavour */
  threads;
  /** Every worker is ready: the runtime takes over. */
  onReady = nothing;
  /** Jobs have finished. */
  onSignal = nothing;
  /** A worker is lost. @type {(error: import('./errors.js').WeftError) => void} */
  onFailure = nothing;
  /** Called when the runtime ends; without workers the loop in its place stops. */
  onDismiss = nothing;
  /** A worker has loaded a module of tasks, or failed to. @type {(message: any) => void} */
  onImported = nothing;

  /** @param {import('./host.js').ThreadWorker} worker */
  add(worker) {
    const member = { worker, address: 0, losses: 0, follows: false, why: '', where: undefined };
    this.members.set(worker, member);
    worker.onMessage((message) => {
      if (!this.#dismissed && this.members.has(worker) && isOurs(message)) this.#hear(member, message);
    });
    worker.onEnd((reason, cause) => {
      if (!this.#dismissed && this.members.has(worker)) workerEnded(this, member, reason, cause);
    });
    return worker;
  }

  /** Workers that are in their loop. */
  get present() {
    let count = 0;
    for (const { address } of this.members.values()) count += Number(address !== 0);
    return count;
  }

  /**
   * Resolves once `condition` holds after a report of a worker; never if it never does.
   *
   * @param {() => boolean} condition
   * @returns {Promise<void>}
   */
  until(condition) {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting = this.#waiting.filter((other) => other !== check);
        resolve();
      };
      this.#waiting.push(check);
    });
  }

  /** Ends every worker, whatever it is doing. */
  async dismiss() {
    this.#dismissed = true;
    this.onDismiss();
    const workers = [...this.members.keys()];
    this.members.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /** @param {Member} member  @param {any} message */
  #hear(member, message) {
    const { type } = message;
    if (type === 'weft:loaded') return;
    if (type === 'weft:ready') {
      member.address = message.worker;
      member.losses = 0;
      member.follows = false;
      this.ready++;
    } else if (type === 'weft:ended') {
      member.address = 0;
    } else if (type === 'weft:exited') {
      member.worker.runs = undefined;
      this.threads?.idle.push(member.worker);
    } else if (type === 'weft:signal') this.onSignal();
    else hearRarer(this, member, message);
    for (const check of [...this.#waiting]) check();
  }
}
