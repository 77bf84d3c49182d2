/** What few programs need of heap.js, and its errors. */
import { WeftError } from './errors.js';
import { show, tagOf, unreadable } from './show.js';
import { viewNumber } from './wire.js';

/** @typedef {import('./heap.js').AnyArray} AnyArray */
/** @typedef {import('./heap.js').Heap} Heap */

/**
 * By its tag: SharedArrayBuffer may be hidden.
 *
 * @param {unknown} value
 * @returns {value is ArrayBufferLike}
 */
export const isBuffer = (value) => /^(Shared)?ArrayBuffer$/.test(tagOf(value));

/** A typed array's constructor of another realm: node:vm, and so Jest. @param {any} value */
export function isForeignArray(value) {
  return Object.getPrototypeOf(value)?.name === 'TypedArray' && viewNumber(new value(0)) !== undefined;
}

/**
 * @template {AnyArray} T
 * @param {T} array
 * @returns {T}  on memory that is not shared
 */
export function copyOf(array) {
  try {
    // By the tag, not slice: Node's Buffer would give another view.
    const tag = /** @type {any} */ (ArrayBuffer.isView(array) && array)[Symbol.toStringTag];
    if (tag && tag !== 'DataView') return new /** @type {any} */ (globalThis)[tag](array);
  } catch (error) {
    throw unreadable(error, 'rt.copy: the array');
  }
  throw new WeftError('WEFT_ERR_INVALID', `rt.copy: the argument must be a typed array, got ${show(array)}`);
}

/** @param {Heap} heap  @param {AnyArray | ArrayBufferLike | DataView} source */
export function share(heap, source) {
  let array;
  try {
    const buffer = isBuffer(source);
    if (!buffer && !ArrayBuffer.isView(source)) {
      throw new WeftError('WEFT_ERR_INVALID', `rt.share: the argument must be a typed array, such as Float64Array.from(values), got ${show(source)}`);
    }
    const from = /** @type {AnyArray} */ (buffer || tagOf(source) === 'DataView'
      ? new Uint8Array(buffer ? source : source.buffer, buffer ? 0 : source.byteOffset, source.byteLength)
      : source);
    // The tag, not the constructor: Node's Buffer comes out as the Uint8Array that it is.
    const Constructor = /** @type {any} */ (globalThis)[/** @type {any} */ (from)[Symbol.toStringTag]];
    array = heap.array(Constructor, from.length);
    /** @type {any} */ (array).set(from);
    return array;
  } catch (error) {
    if (array) heap.free(array);
    throw unreadable(error, 'rt.share: the argument');
  }
}

/** @param {Heap} heap  @param {number} pointer */
export function string(heap, pointer) {
  const address = Number.isInteger(pointer) ? pointer >>> 0 : 0;
  const end = address === 0 ? -1 : heap.bytes.indexOf(0, address);
  if (end < 0) {
    throw new WeftError('WEFT_ERR_POINTER',
      `rt.string: ${show(pointer)} is not the address of a NUL-terminated string`);
  }
  return new TextDecoder().decode(heap.bytes.slice(address, end)); // takes no shared memory
}

/** How much is handed out. @param {import('./allocations.js').Allocations} allocations */
export function heldBy({ byAddress }) {
  let bytes = 0;
  for (const allocation of byAddress.values()) bytes += allocation.bytes;
  return { count: byAddress.size, bytes };
}

/** @param {Heap} heap  @param {number} bytes  that C has not got  @returns {never} */
export function takenUp({ allocations, memory }, bytes) {
  const { count, bytes: held } = heldBy(allocations);
  throw new WeftError('WEFT_ERR_NOMEM',
    `out of memory: ${bytes} bytes asked for; of ${memory.buffer.byteLength} bytes in all, ${held} are held by ${count} arrays and pointers of rt.array, rt.alloc and rt.share: free some with rt.free(), or raise memoryBytes (at most 4 GiB)`);
}

/** @returns {never} */
export function refuseArray() {
  throw new WeftError('WEFT_ERR_INVALID',
    'rt.array: the first argument must be a typed array constructor, such as Float64Array');
}

/** @param {string} what  @param {unknown} value  @returns {never} */
export function refuseSize(what, value) {
  throw new WeftError('WEFT_ERR_INVALID', `${what} must be an integer from 0, got ${show(value)}`);
}

/**
 * @param {import('./allocations.js').Allocation | undefined} allocation
 * @param {{ error: unknown } | undefined} unread  what looking at the argument has thrown
 * @returns {never}
 */
export function refuseFree(allocation, unread) {
  if (unread) throw unreadable(unread.error, 'rt.free: the array');
  if (allocation) {
    throw new WeftError('WEFT_ERR_STATE',
      `rt.free: ${allocation.uses} pending call(s) use this array; await them first`);
  }
  throw new WeftError('WEFT_ERR_POINTER',
    'rt.free: not an array or pointer of rt.array, rt.alloc or rt.share, or freed before');
}
