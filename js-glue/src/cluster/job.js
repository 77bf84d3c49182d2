import { STATUS, WeftError } from '../errors.js';

/**
 * What a job of BullMQ carries, and what it returns: JSON. Payloads are bytes: short ones in base64
 * within the job, longer ones under a key of their own.
 *
 * @typedef {object} JobData
 * @property {number} weft  PAYLOAD_VERSION of the caller
 * @property {string} run  the map that it belongs to
 * @property {number} index  of the chunk
 * @property {string} module  BLAKE3 digest
 * @property {string} [chunk]  base64; without it the chunk is under keys.chunk
 * @property {number} most  bytes of a result
 *
 * @typedef {object} JobResult
 * @property {string} [result]  base64
 * @property {number} [bytes]  of the result that is under keys.result
 * @property {string} [again]  why nothing was done; whoever still wants the chunk issues it anew
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

/** What BullMQ keeps of an error, and its dashboards show. @param {any} error */
export const reasonOf = (error) => (error instanceof WeftError ? `${error.code}: ${error.message}` : `WEFT_ERR_WORKER: ${error?.message ?? error}`);

/**
 * The error that a reason stands for.
 *
 * @param {string} reason
 * @returns {WeftError}
 */
export function errorOf(reason) {
  const [, code, message] = /^(WEFT_ERR_[A-Z_]+): (.*)$/s.exec(reason) ?? [];
  if (code !== undefined && Object.hasOwn(STATUS, code)) return new WeftError(/** @type {any} */ (code), message);
  if (/stalled|started more than/.test(reason)) {
    return new WeftError('WEFT_ERR_WORKER', `the workers that took it were lost, one after the other (${reason})`);
  }
  return new WeftError('WEFT_ERR_WORKER', reason);
}
