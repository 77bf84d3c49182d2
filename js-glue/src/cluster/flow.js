import { WeftError } from '../errors.js';
import { bytesOf, checkChunk } from './arguments.js';
import { Window } from './window.js';

/**
 * What an engine does for one map: it brings chunks to workers. What both engines need, the order
 * of results, the bound on chunks in flight, stragglers, retries, progress and the abort, is here.
 *
 * @typedef {object} Run
 * @property {(args: any[], where: string) => any} pack  a chunk in the form that `issue` takes;
 *   throws where it cannot travel
 * @property {(issue: Issue) => Promise<import('./execute.js').Outcome>} issue  rejects with a
 *   WeftError; `WEFT_ERR_WORKER` says that the chunk may succeed elsewhere
 * @property {() => Promise<void>} end  nothing more is wanted; never rejects
 *
 * @typedef {object} Issue
 * @property {number} index
 * @property {number} copy  from 0; different for each time that the chunk is issued
 * @property {any} packed
 * @property {Ending} ending  comes once nobody wants the outcome any more
 * @property {() => void} started  to be called when a worker takes it
 *
 * @typedef {object} Engine
 * @property {number} slots  chunks in flight that keep it busy
 * @property {boolean} retries  it retries by itself, else this file does
 * @property {(kernel: string) => void} find  throws `WEFT_ERR_EXPORT`
 * @property {(kernel: string, settings: FlowSettings) => Promise<Run>} begin
 * @property {() => object} describe
 * @property {() => Promise<void>} close
 *
 * @typedef {object} FlowSettings
 * @property {number} inFlight  chunks that are issued and have no outcome
 * @property {number} inFlightBytes  what their arrays may take; one chunk is always let in
 * @property {number} ahead  chunks that are issued, but whose results nobody has taken
 * @property {number} attempts  how often a chunk is tried whose worker is lost
 * @property {number} perJob  short chunks that may travel together
 * @property {number | undefined} reissueAfterMs  0: never; undefined: by what the others took
 * @property {((progress: ClusterProgress) => void) | undefined} onProgress
 * @property {AbortSignal} signal  ends it all
 *
 * @typedef {object} ClusterProgress
 * @property {number} done  chunks with a result
 * @property {number} issued
 * @property {number | undefined} total  where the chunks say how many they are
 * @property {number} reissued  copies of stragglers
 * @property {number} retried  chunks that were issued again after their worker was lost
 */

const LOOK_MS = 200;
const REPORT_MS = 100;

/** A chunk is late when it takes so many times what half of the others took, and at least so long. */
const LATE_FACTOR = 4;
const LATE_LEAST_MS = 5000;
const KNOWN_LEAST = 8;
const COPIES_MAX = 2;

/**
 * A chunk from when it is issued until its outcome is taken.
 * @typedef {object} Flight
 * @property {number} index
 * @property {any} packed
 * @property {number} bytes
 * @property {number} copies  made so far
 * @property {number} alive  that may still bring the outcome
 * @property {number} lost
 * @property {number | undefined} startedAt
 * @property {Ending} ending
 * @property {import('./execute.js').Outcome | undefined} outcome
 */

/** An AbortController for many: one for each chunk would cost more than all else of it. */
export class Ending {
  over = false;
  /** @type {(() => void)[]} */
  #hooks = [];

  /** @param {() => void} hook  called when it is over, at once if it is */
  onEnd(hook) {
    if (this.over) hook();
    else this.#hooks.push(hook);
  }

  end() {
    this.over = true;
    for (const hook of this.#hooks.splice(0)) hook();
  }
}

/** What was `result` of a chunk after the last one. */
export const END = Symbol('end');

/** One map: chunks go out as there is room, results come back in the order of the chunks. */
export class Flow {
  /** @type {Window<Flight>} by index; those before are taken */
  #flights = new Window();
  /** How many have no outcome. */
  #open = 0;
  /** @type {number[]} ms, sorted */
  #durations = [];
  #bytes = 0;
  #issued = 0;
  #taken = 0;
  #done = 0;
  #reissued = 0;
  #retried = 0;
  #reportedAt = 0;
  #exhausted = false;
  /** @type {unknown} */
  #failure;
  #failed = false;
  /** @type {(() => void)[]} */
  #waiting = [];
  /** @type {number | undefined} */
  #total;
  /** @type {any} */
  #source;
  /** @type {NodeJS.Timeout} */
  #timer;

  /**
   * @param {Engine} engine  @param {string} kernel
   * @param {Run} run  @param {FlowSettings} settings
   */
  constructor(engine, kernel, run, settings) {
    this.engine = engine;
    this.kernel = kernel;
    this.run = run;
    this.settings = settings;
    settings.signal.addEventListener('abort', () => this.fail(settings.signal.reason), { once: true });
    if (settings.signal.aborted) this.fail(settings.signal.reason);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /**
   * Sends the chunks, as there is room for them. What goes wrong is told by `result`.
   *
   * @param {Iterable<unknown> | AsyncIterable<unknown>} chunks
   */
  async feed(chunks) {
    try {
      const total = /** @type {any} */ (chunks).length ?? /** @type {any} */ (chunks).size;
      if (Number.isInteger(total)) this.#total = total;
      this.#source = /** @type {any} */ (chunks)[Symbol.asyncIterator]?.() ?? /** @type {any} */ (chunks)[Symbol.iterator]();
      const room = () => this.#hasRoom();
      while (await this.#until(room)) {
        const { done, value } = await this.#source.next();
        if (this.#failed) return;
        if (done) {
          this.#exhausted = true;
          return;
        }
        this.#send(value);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#wake();
    }
  }

  /**
   * The outcome of a chunk, each in its turn.
   *
   * @param {number} index  one more than that of the last
   * @returns {Promise<import('./execute.js').Outcome | typeof END>}
   */
  async result(index) {
    const landed = () => this.#flights.get(index)?.outcome !== undefined || (this.#exhausted && index >= this.#issued);
    if (!landed()) await this.#until(landed);
    if (this.#failed) throw this.#failure;
    const outcome = this.#flights.shift()?.outcome;
    if (outcome === undefined) return END;
    this.#taken++;
    this.#wake();
    return outcome;
  }

  /** @param {unknown} error  ends it all */
  fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = error;
    this.#wake();
  }

  /** Nothing more is wanted. */
  async end() {
    clearInterval(this.#timer);
    this.fail(new WeftError('WEFT_ERR_CANCELLED', `${this.kernel}: the rest of the map is not wanted`));
    for (const flight of this.#flying()) flight.ending.end();
    this.#flights = new Window();
    if (!this.#exhausted) this.#leaveSource();
    await this.run.end();
  }

  /** A generator of chunks may clean up; nobody waits for one that never answers. */
  async #leaveSource() {
    try {
      await this.#source?.return?.();
    } catch { /* what it throws comes too late */ }
  }

  /** The last report of progress. */
  conclude() {
    this.#report(true);
  }

  #hasRoom() {
    const { inFlight, inFlightBytes, ahead } = this.settings;
    return this.#open < inFlight && (this.#bytes < inFlightBytes || this.#open === 0) &&
      this.#issued - this.#taken < ahead;
  }

  /** Waits until `condition()` holds, or all has failed. @param {() => boolean} condition */
  async #until(condition) {
    while (!this.#failed && !condition()) await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    return !this.#failed;
  }

  #wake() {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Those without an outcome. */
  #flying() {
    return this.#flights.values().filter(({ outcome }) => outcome === undefined);
  }

  /** @param {unknown} chunk */
  #send(chunk) {
    const index = this.#issued++;
    const where = `chunk ${index} of ${this.kernel}`;
    const args = checkChunk(chunk, where);
    const flight = {
      index, packed: this.run.pack(args, where), bytes: bytesOf(args), copies: 0, alive: 0, lost: 0,
      startedAt: undefined, ending: new Ending(), outcome: undefined,
    };
    this.#flights.push(flight);
    this.#open++;
    this.#bytes += flight.bytes;
    this.#issue(flight);
  }

  /** @param {Flight} flight */
  #issue(flight) {
    flight.alive++;
    const copy = flight.copies++;
    const started = () => {
      flight.startedAt ??= performance.now();
    };
    this.run.issue({ index: flight.index, copy, packed: flight.packed, ending: flight.ending, started })
      .then((outcome) => this.#land(flight, outcome), (error) => this.#miss(flight, error));
  }

  /** @param {Flight} flight  @param {import('./execute.js').Outcome} outcome  of the first copy, the others are not wanted */
  #land(flight, outcome) {
    if (flight.outcome !== undefined || this.#flights.get(flight.index) !== flight) return;
    flight.outcome = outcome;
    this.#open--;
    this.#bytes -= flight.bytes;
    flight.ending.end();
    flight.packed = undefined; // may be long, while the outcome waits for its turn
    if (flight.startedAt !== undefined) this.#note(performance.now() - flight.startedAt);
    this.#done++;
    this.#report(false);
    this.#wake();
  }

  /** @param {Flight} flight  @param {any} error */
  #miss(flight, error) {
    if (flight.outcome !== undefined || this.#failed) return;
    flight.alive--;
    if (error?.code === 'WEFT_ERR_WORKER') {
      if (flight.alive > 0) return; // the other copy may do
      if (!this.engine.retries && ++flight.lost < this.settings.attempts) {
        this.#retried++;
        flight.startedAt = undefined;
        this.#issue(flight);
        return;
      }
    }
    this.fail(error instanceof WeftError
      ? new WeftError(error.code, `chunk ${flight.index}: ${error.message}`, { cause: error.cause ?? error }) : error);
  }

  /** @param {number} ms */
  #note(ms) {
    const { length } = this.#durations;
    let at = length;
    while (at > 0 && this.#durations[at - 1] > ms) at--;
    this.#durations.splice(at, 0, ms);
    if (length > 200) this.#durations.splice(ms > this.#durations[length >> 1] ? 0 : length, 1); // keeps the middle
  }

  /** Issues late chunks once more, where workers would have nothing else to do. */
  #look() {
    if (this.#failed || this.settings.reissueAfterMs === 0) return;
    const flights = this.#flying();
    if (flights.some(({ startedAt }) => startedAt === undefined)) return;
    const { length } = this.#durations;
    const usual = length < KNOWN_LEAST ? Infinity : Math.max(LATE_LEAST_MS, LATE_FACTOR * this.#durations[length >> 1]);
    const limit = this.settings.reissueAfterMs ?? usual;
    for (const flight of flights) {
      if (flight.copies - flight.lost >= COPIES_MAX || performance.now() - Number(flight.startedAt) < limit) continue;
      this.#reissued++;
      this.#issue(flight);
    }
  }

  /** @param {boolean} last */
  #report(last) {
    const { onProgress } = this.settings;
    const now = performance.now();
    if (!onProgress || (!last && now - this.#reportedAt < REPORT_MS)) return;
    this.#reportedAt = now;
    try {
      onProgress({ done: this.#done, issued: this.#issued, total: this.#total, reissued: this.#reissued, retried: this.#retried });
    } catch (error) {
      this.fail(error);
    }
  }
}
