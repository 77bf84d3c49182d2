/** The codes and their numbers, as in src/include/weft/status.h. */
export const STATUS = Object.freeze({
  WEFT_OK: 0,
  WEFT_ERR_INVALID: 1,
  WEFT_ERR_NOMEM: 2,
  WEFT_ERR_LIMIT: 3,
  WEFT_ERR_TIMEOUT: 4,
  WEFT_ERR_CANCELLED: 5,
  WEFT_ERR_CLOSED: 6,
  WEFT_ERR_WOULD_BLOCK: 7,
  WEFT_ERR_STATE: 8,
  WEFT_ERR_UNSUPPORTED: 9,
  WEFT_ERR_TRAP: 10,
  WEFT_ERR_STACK: 11,
  WEFT_ERR_DEADLOCK: 12,
  WEFT_ERR_MODULE: 13,
  WEFT_ERR_EXPORT: 14,
  WEFT_ERR_POINTER: 15,
  WEFT_ERR_WORKER: 16,
  WEFT_ERR_THROWN: 17,
  WEFT_ERR_ENGINE: 18,
});

/** @typedef {Exclude<keyof typeof STATUS, 'WEFT_OK'>} WeftCode */

/** A failure inside the runtime. `code` is stable; the message is for people. */
export class WeftError extends Error {
  static name = 'WeftError'; // in the package, too, where names are short

  /** @param {WeftCode} code  @param {string} message  @param {ErrorOptions} [options] */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'WeftError';
    /** @type {WeftCode} */
    this.code = code;
  }
}

/**
 * The code of a status that C reported.
 *
 * @param {number} status
 * @returns {WeftCode | undefined}  undefined for WEFT_OK and for a number without a name
 */
export function codeOf(status) {
  const name = Object.entries(STATUS).find(([, number]) => number === status)?.[0];
  return name === 'WEFT_OK' ? undefined : /** @type {WeftCode | undefined} */ (name);
}

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
  throw new WeftError('WEFT_ERR_INVALID', `${what}: there is no option ${unknown}; there are ${known.join(', ')}`);
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
  const why = error instanceof Error ? error.message : show(error);
  return new WeftError('WEFT_ERR_INVALID', `${what} cannot be read: ${why}`, { cause: error });
}
