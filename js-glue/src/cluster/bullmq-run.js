import { randomBytes } from 'node:crypto';
import { WeftError } from '../errors.js';
import { bytesOf } from './arguments.js';
import { CHUNK_INLINE } from './job.js';
import { encodeChunk } from './payload.js';

/**
 * Chunks share a job as long as they take so many milliseconds together: about what a job costs by
 * itself, so none waits for another for longer than it would wait for BullMQ.
 */
const JOB_MS = 1;

/** And their arrays so many bytes, there and back. */
const JOB_BYTES = 16 * 1024;

/** A map has so many jobs on their way at least, if it may have as many chunks: for as many workers. */
const JOBS_LEAST = 4;

/**
 * A chunk that was issued and has no outcome.
 * @typedef {object} Entry
 * @property {BullmqRun} run
 * @property {import('./flow.js').Issue} issue
 * @property {import('./bullmq.js').Parcel | undefined} parcel  the job that it travels with
 * @property {number} again  how often it came back with nothing done
 * @property {boolean} stored  its result is, or may be, under a key of its own
 * @property {boolean} ended
 * @property {(result: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** One map on BullMQ. */
export class BullmqRun {
  id = randomBytes(9).toString('hex');
  #jobs = 0;
  /** What a chunk took of late, in ms; nothing is known: each chunk has a job of its own. */
  #usual = Infinity;

  /**
   * @param {import('./bullmq.js').BullmqEngine} engine  @param {string} kernel
   * @param {import('./flow.js').FlowSettings} settings
   */
  constructor(engine, kernel, settings) {
    this.engine = engine;
    this.kernel = kernel;
    this.settings = settings;
    this.most = Math.max(1, Math.min(settings.perJob, Math.floor(settings.inFlight / JOBS_LEAST)));
  }

  /** The id of a new job. */
  nextJob() {
    return `${this.id}-${this.#jobs++}`;
  }

  /** What the chunks of one job took. A rise counts at once, a fall by halves. @param {number} ms  each */
  learn(ms) {
    if (!(ms >= 0)) return;
    this.#usual = ms < this.#usual && this.#usual < Infinity ? (this.#usual + ms) / 2 : ms;
  }

  /** How many chunks go into a job. */
  get perJob() {
    return Math.max(1, Math.min(this.most, Math.floor(JOB_MS / this.#usual)));
  }

  /** @param {any[]} args  @param {string} where */
  pack(args, where) {
    const bytes = encodeChunk(args);
    const most = this.engine.settings.chunkBytesMax;
    if (bytes.length > most) {
      throw new WeftError('WEFT_ERR_LIMIT', `${where} has ${bytes.length} bytes, at most ${most} travel: cut it smaller, or raise chunkBytesMax`);
    }
    return { bytes, arrays: bytesOf(args), stored: false, inline: bytes.length <= CHUNK_INLINE ? bytes.toString('base64') : undefined };
  }

  /** @param {import('./flow.js').Issue} issue */
  issue(issue) {
    return this.engine.issue(this, issue);
  }

  async end() {
    await this.engine.endRun(this);
  }
}

/**
 * What goes into one job each, of chunks that have to go. A straggler's copy, and what came back
 * with nothing done, have one of their own.
 *
 * @param {Entry[]} entries
 * @returns {Entry[][]}
 */
export function cut(entries) {
  /** @type {Entry[][]} */
  const lists = [];
  /** @type {Entry[]} */
  let list = [];
  let room = 0;
  let bytes = 0;
  for (const entry of entries) {
    const { run, issue, again, ended } = entry;
    if (ended) continue;
    bytes += issue.packed.arrays;
    if (room === 0 || run !== list[0].run || bytes > JOB_BYTES || issue.copy > 0 || again > 0) {
      list = [];
      lists.push(list);
      room = issue.copy > 0 || again > 0 ? 1 : run.perJob;
      bytes = issue.packed.arrays;
    }
    list.push(entry);
    room--;
  }
  return lists;
}
