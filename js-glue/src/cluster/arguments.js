import { WeftError } from '../errors.js';
import { show } from '../show.js';
import { VIEWS, viewNumber } from '../wire.js';

/** @typedef {import('../heap.js').AnyArray} AnyArray */

/** Where a kernel writes: an array that comes back with the chunk's result. */
export class Output {
  /**
   * @param {import('../heap.js').ArrayConstructor<AnyArray>} Type  @param {number} length
   * @param {AnyArray} [source]  what it holds when the kernel begins; nothing: zeros
   */
  constructor(Type, length, source) {
    this.Type = Type;
    this.length = length;
    this.source = source;
    Object.freeze(this);
  }

  get byteLength() {
    return this.length * /** @type {any} */ (this.Type).BYTES_PER_ELEMENT;
  }
}

/** @param {unknown} value  @returns {value is AnyArray} */
const isArray = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView) && viewNumber(value) !== undefined;

/**
 * An argument for a kernel to write into: an array of zeros, which comes back.
 *
 *     await cluster.map('weft_mandelbrot', [[out(Uint16Array, w * h), w, h, -2, -1.5, 3 / w, 500]]);
 *
 * @param {import('../heap.js').ArrayConstructor<AnyArray>} Type  such as Float64Array
 * @param {number} length
 * @returns {Output}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function out(Type, length) {
  const bytes = /** @type {any} */ (Type)?.BYTES_PER_ELEMENT;
  if (!VIEWS.includes(Type) || bytes === undefined) {
    throw new WeftError('WEFT_ERR_INVALID', `out: the type must be one of typed arrays, such as Float64Array, got ${show(Type)}`);
  }
  if (!Number.isInteger(length) || length < 0 || length * bytes > 2 ** 32) {
    throw new WeftError('WEFT_ERR_INVALID', `out: the length must be an integer from 0 on, of at most 4 GiB in all, got ${show(length)}`);
  }
  return new Output(Type, length);
}

/**
 * An argument that a kernel reads and changes: a copy of the array, which comes back.
 *
 *     const [{ arrays: [sorted] }] = await cluster.map('weft_sort_f64', [[inout(xs), xs.length]]);
 *
 * @param {AnyArray} array
 * @returns {Output}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function inout(array) {
  if (!isArray(array)) throw new WeftError('WEFT_ERR_INVALID', `inout: a typed array is wanted, got ${show(array)}`);
  return new Output(VIEWS[/** @type {number} */ (viewNumber(array))], array.length, array);
}

/**
 * The chunks of a large array, one after the other: each is the arguments `slice, slice.length`,
 * then `rest`. Slices are views: nothing is copied until a chunk is sent.
 *
 *     const sums = await cluster.map('weft_sum_f64', slices(xs, 1_000_000));
 *
 * @template {AnyArray} T
 * @param {T} array
 * @param {number} length  elements of each slice; the last one may be shorter
 * @param {...unknown} rest
 * @returns {Iterable<unknown[]> & { readonly length: number }}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function slices(array, length, ...rest) {
  if (!isArray(array)) throw new WeftError('WEFT_ERR_INVALID', `slices: a typed array is wanted, got ${show(array)}`);
  if (!Number.isInteger(length) || length < 1) {
    throw new WeftError('WEFT_ERR_INVALID', `slices: the length must be an integer from 1 on, got ${show(length)}`);
  }
  return {
    length: Math.ceil(array.length / length),
    *[Symbol.iterator]() {
      for (let at = 0; at < array.length; at += length) {
        const slice = array.subarray(at, at + length);
        yield [slice, slice.length, ...rest];
      }
    },
  };
}

/**
 * A chunk, checked as far as the caller can: the worker knows the types of the kernel.
 *
 * @param {unknown} chunk  @param {string} where  names it in messages
 * @returns {any[]}
 * @throws {WeftError} `WEFT_ERR_INVALID`
 */
export function checkChunk(chunk, where) {
  if (!Array.isArray(chunk)) {
    throw new WeftError('WEFT_ERR_INVALID', `${where} must be an array: the arguments of one call; got ${show(chunk)}`);
  }
  chunk.forEach((value, index) => {
    const good = value === null || ['number', 'bigint', 'boolean', 'string'].includes(typeof value) ||
      value instanceof Output || isArray(value);
    if (!good) {
      throw new WeftError('WEFT_ERR_INVALID',
        `${where}: argument ${index + 1} must be a number, a BigInt, a boolean, a string, null, a typed array, out() or inout(); got ${show(value)}`);
    }
  });
  return chunk;
}

/** What the arrays of a chunk take, there and back. @param {any[]} args */
export function bytesOf(args) {
  return args.reduce((sum, value) => sum + (value?.byteLength ?? 8), 0);
}
