import { WeftError } from '../errors.js';
import { STATUS } from '../status.js';

/**
 * What a job of BullMQ carries, and what it returns: JSON. Payloads are bytes: short ones in base64
 * within the job, longer ones under a key of their own.
 *
 * @typedef {object} JobData
 * @property {number} weft  PAYLOAD_VERSION of the caller
 * @property {string} run  the map that it belongs to
 * @property {[index: number, base64?: string | null][]} chunks  several only if all are short; one
 *   without base64 is under keys.chunk
 *
 * @typedef {object} RunData  of a map, under keys.run, for as long as it has a caller
 * @property {string} module  BLAKE3 digest
 * @property {number} most  bytes of a result
 *
 * @typedef {object} JobResult
 * @property {(string | number)[]} [results]  of the chunks, in their order: base64, or how many bytes
 *   are under keys.result
 * @property {number} [ms]  that they took in all
 * @property {string} [again]  why nothing was done; whoever still wants the chunks issues them anew
 */

/** Bytes of a chunk that go within the job. */
export const CHUNK_INLINE = 16 * 1024;

/** Less, as each result goes through the stream of events, to every caller. */
export const RESULT_INLINE = 2 * 1024;

/** How long a result waits for its caller. */
export const RESULT_SECONDS = 900;

/** Failures that another worker, or another moment, may not have. */
const PASSING = ['WEFT_ERR_WORKER', 'WEFT_ERR_NOMEM', 'WEFT_ERR_CLOSED'];

/** @param {unknown} error  @returns {boolean} */
export const isPassing = (error) => !(error instanceof WeftError) || PASSING.includes(error.code);

/** What BullMQ keeps of a chunk's error, and its dashboards show. @param {any} error  @param {number} index */
export const reasonOf = (error, index) => (error instanceof WeftError ? `${error.code}: chunk ${index}: ${error.message}`
  : `WEFT_ERR_WORKER: chunk ${index}: ${error?.message ?? error}`);

/**
 * The error that a reason stands for, and the chunk whose it is; without one it is that of the job.
 *
 * @param {string} reason
 * @returns {{ error: WeftError, index?: number }}
 */
export function failureOf(reason) {
  const [, code, index, message] = /^(WEFT_ERR_[A-Z_]+): (?:chunk (\d+): )?(.*)$/s.exec(reason) ?? [];
  if (code !== undefined && Object.hasOwn(STATUS, code)) {
    return { error: new WeftError(/** @type {any} */ (code), message), index: index === undefined ? undefined : Number(index) };
  }
  if (/stalled|started more than/.test(reason)) {
    return { error: new WeftError('WEFT_ERR_WORKER', `the workers that took it were lost, one after the other (${reason})`) };
  }
  return { error: new WeftError('WEFT_ERR_WORKER', reason) };
}
