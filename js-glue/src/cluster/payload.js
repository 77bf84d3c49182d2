import { WeftError } from '../errors.js';
import { Decoder } from '../wire-decoder.js';
import { Encoder } from '../wire-encoder.js';
import { VIEWS } from '../wire.js';
import { Output, inout, out } from './arguments.js';

/**
 * Chunks and outcomes as bytes, in the encoding that values have between threads: numbers in
 * binary, typed arrays as their bytes. An Output is a list: how it begins, then its array, or the
 * type and length of one of zeros.
 */

/** Raised with every change that another version would misread. */
export const PAYLOAD_VERSION = 2;

const ZEROS = 0;
const COPY = 1;

/** Values of a chunk name no memory: their arrays travel as bytes. */
const NO_MEMORY = new ArrayBuffer(0);

/** Longer ones are not copied: they take the buffer of the encoder along. */
const COPIED = 4096;

let encoder = new Encoder(NO_MEMORY);
const decoder = new Decoder(NO_MEMORY, () => {
  throw new RangeError('a shared object');
});

/** @param {unknown} value  of plain data: no getter of it comes back here  @param {string} where  @returns {Buffer} */
function encode(value, where) {
  try {
    const bytes = encoder.encode(value, where);
    if (bytes.length <= COPIED) return Buffer.from(bytes);
    encoder = new Encoder(NO_MEMORY);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } finally {
    encoder.begin(''); // it would hold the arrays
  }
}

/**
 * @param {Uint8Array} bytes  @param {string} what
 * @returns {any}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
function decode(bytes, what) {
  try {
    return decoder.decode(0, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new WeftError('WEFT_ERR_INVALID', `${what} is damaged: its ${bytes.length} bytes cannot be read`, { cause: error });
  } finally {
    decoder.begin(0); // it would hold the bytes
  }
}

/** A runtime's own arrays are on shared memory, which does not travel. @param {any} value */
const unshared = (value) => (ArrayBuffer.isView(value) && !(value.buffer instanceof ArrayBuffer)
  ? /** @type {any} */ (value).slice() : value);

/** @param {any[]} args  checked */
export function encodeChunk(args) {
  return encode(args.map((value) => {
    if (!(value instanceof Output)) return unshared(value);
    return value.source ? [COPY, unshared(value.source)] : [ZEROS, VIEWS.indexOf(value.Type), value.length];
  }), 'the chunk');
}

/** @param {Uint8Array} bytes  @returns {any[]} */
export function decodeChunk(bytes) {
  const args = decode(bytes, 'the chunk');
  if (!Array.isArray(args)) throw new WeftError('WEFT_ERR_INVALID', 'the chunk is damaged: it is no list of arguments');
  return args.map((value) => {
    if (!Array.isArray(value)) return value;
    const [kind, array, length] = value;
    if (kind === COPY) return inout(array);
    if (kind === ZEROS) return out(VIEWS[array], length);
    throw new WeftError('WEFT_ERR_INVALID', 'the chunk is damaged: an output of an unknown kind');
  });
}

/** @param {import('./execute.js').Outcome} outcome */
export function encodeOutcome({ value, arrays }) {
  return encode([value, ...arrays], 'the result');
}

/** @param {Uint8Array} bytes  @returns {import('./execute.js').Outcome} */
export function decodeOutcome(bytes) {
  const list = decode(bytes, 'the result');
  if (!Array.isArray(list)) throw new WeftError('WEFT_ERR_INVALID', 'the result is damaged: it is no list');
  const [value, ...arrays] = list;
  return { value, arrays };
}
