import { WeftError } from './errors.js';
import { nearest } from './nearest.js';

/**
 * What a value is, of whichever realm: node:vm and test runners have classes of their own.
 *
 * @param {unknown} value
 */
export const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** @param {unknown} value  @returns {value is URL} */
export const isUrl = (value) => typeof value === 'object' && tagOf(value) === 'URL';

/**
 * A value in a message, whatever it is and without an error of its own.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function show(value) {
  switch (typeof value) {
    case 'bigint': return `${value}n`;
    case 'string': return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
    case 'function': return 'a function';
    case 'object':
      if (value === null) return 'null';
      try {
        return `an instance of ${String(Object.getPrototypeOf(value)?.constructor?.name ?? 'Object')}`;
      } catch {
        return 'an object';
      }
    default: return String(value);
  }
}

/**
 * Options that are not there would do nothing, without a word.
 *
 * @param {string} what  takes them
 * @param {object} options  @param {string[]} known
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function mustKnow(what, options, known) {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const [near] = nearest(unknown, known);
  throw new WeftError('WEFT_ERR_INVALID',
    `${what}: there is no option ${unknown}; there are ${known.join(', ')}${near === undefined ? '' : `: did you mean ${near}?`}`);
}

/**
 * The error for an argument that could not even be read: a detached array, say, or a getter
 * that throws.
 *
 * @param {unknown} error  as thrown; a WeftError is passed on
 * @param {string} what
 */
export function unreadable(error, what) {
  if (error instanceof WeftError) return error;
  const why = tagOf(error) === 'Error' ? /** @type {Error} */ (error).message : show(error);
  return new WeftError('WEFT_ERR_INVALID', `${what} cannot be read: ${why}`, { cause: error });
}
