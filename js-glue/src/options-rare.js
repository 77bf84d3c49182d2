/** The errors of options that cannot be used. */
import { WeftError } from './errors.js';
import { mustKnow, show } from './show.js';

/** A limit in words: large ones as powers of 2. @param {number} limit */
function spell(limit) {
  for (const [less, sign] of /** @type {const} */ ([[0, ''], [1, '-1']])) {
    const power = Math.log2(limit + less);
    if (power > 20 && Number.isInteger(power)) return `2^${power}${sign}`;
  }
  return String(limit);
}

/** @param {string} name  @param {unknown} value  @param {string} range  @returns {never} */
export function refuse(name, value, range) {
  throw new WeftError('WEFT_ERR_INVALID', `${name} must be ${range}, got ${show(value)}`);
}

/**
 * @param {string} name  @param {unknown} value
 * @param {number} min  @param {number} max  @param {boolean} [integer]
 * @returns {never}
 */
export function refuseNumber(name, value, min, max, integer) {
  return refuse(name, value, `${integer ? 'an integer' : 'a number'} from ${spell(min)} to ${spell(max)}`);
}

const OPTIONS = ['module', 'wasm', 'threads', 'strict', 'memoryBytes', 'stackBytes', 'spinMs', 'startTimeoutMs',
  'maxQueued', 'graceMs', 'idleTimeoutMs', 'worker', 'waitAsync'];

/** @param {string} name  of an option that is none */
export const refuseOption = (name) => mustKnow('createRuntime', { [name]: undefined }, OPTIONS);

/** What is in it Node checks. @param {unknown} worker */
export function checkThread(worker) {
  if (typeof worker !== 'object' || worker === null) return refuse('worker', worker, 'an object');
  mustKnow('createRuntime: worker', worker, ['execArgv', 'argv', 'env', 'resourceLimits']);
}
