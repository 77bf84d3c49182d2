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

/**
 * The code of a status that C reported.
 *
 * @param {number} status
 * @returns {import('./errors.js').WeftCode | undefined}  undefined for WEFT_OK and for a number without a name
 */
export function codeOf(status) {
  const name = Object.entries(STATUS).find(([, number]) => number === status)?.[0];
  return name === 'WEFT_OK' ? undefined : /** @type {import('./errors.js').WeftCode | undefined} */ (name);
}
