import { WeftError } from './errors.js';
import { mustKnow, show, unreadable } from './show.js';
import { codeOf } from './status.js';

/** @typedef {import('./heap.js').AnyArray} AnyArray */

/** Name and type of each array's numbers in C, and of their running totals. */
const TYPES = /** @type {Record<string, [suffix: string, totals: string]>} */ ({
  Int8Array: ['i8', 'Int32Array'],
  Uint8Array: ['u8', 'Uint32Array'],
  Uint8ClampedArray: ['u8', 'Uint32Array'],
  Int16Array: ['i16', 'Int32Array'],
  Uint16Array: ['u16', 'Uint32Array'],
  Int32Array: ['i32', 'Int32Array'],
  Uint32Array: ['u32', 'Uint32Array'],
  Float32Array: ['f32', 'Float32Array'],
  Float64Array: ['f64', 'Float64Array'],
  BigInt64Array: ['i64', 'BigInt64Array'],
  BigUint64Array: ['u64', 'BigUint64Array'],
});

/** @param {string} message */
export const invalid = (message) => new WeftError('WEFT_ERR_INVALID', message);

/**
 * A copy of what a caller has given as options.
 *
 * @template T
 * @param {string} what  @param {T | undefined} options  @param {string[]} known
 * @returns {Partial<T>}
 */
export function optionsOf(what, options, known) {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) throw invalid(`${what}: the options must be an object, got ${show(options)}`);
  try {
    mustKnow(what, options, known);
    return { ...options };
  } catch (error) {
    throw unreadable(error, `${what}: an option`);
  }
}

/** @param {string} what */
export const elsewhere = (what) => new WeftError('WEFT_ERR_POINTER',
  `${what}: the array lies outside the runtime's memory: make it with rt.array(), or copy it in with rt.share()`);

/** @param {string} what  @param {any} array */
export function typeOf(what, array) {
  const type = ArrayBuffer.isView(array) && TYPES[/** @type {any} */ (array)[Symbol.toStringTag]];
  if (!type) throw invalid(`${what}: the array must be a typed array on the runtime's memory`);
  return type;
}

/** @param {string} what  @param {AnyArray} array */
export function mustHaveElements(what, { length }) {
  if (length === 0) throw invalid(`${what}: an empty array has none`);
}

/** @param {string} what  @param {number} status  of a kernel */
export function checkStatus(what, status) {
  const code = codeOf(status);
  if (code) throw new WeftError(code, `${what}: ${code === 'WEFT_ERR_NOMEM' ? 'no memory to work in: free some with rt.free(), or raise memoryBytes' : code}`);
}

/** @param {AnyArray} array  @param {AnyArray} into  @param {string} totals */
export function checkInto(array, into, totals) {
  typeOf('rt.scan: into', into);
  if (into[Symbol.toStringTag] !== totals || into.length !== array.length) {
    throw invalid(`rt.scan: into must be a ${totals} of ${array.length} elements, got a ${into[Symbol.toStringTag]} of ${into.length}`);
  }
  const [first, second] = [array.byteOffset, into.byteOffset];
  const same = first === second && array.BYTES_PER_ELEMENT === into.BYTES_PER_ELEMENT;
  if (array.buffer === into.buffer && !same && first < second + into.byteLength && second < first + array.byteLength) {
    throw invalid('rt.scan: into overlaps the array, and is not the array itself');
  }
}
