/** @typedef {Exclude<keyof typeof import('./status.js').STATUS, 'WEFT_OK'>} WeftCode */

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
