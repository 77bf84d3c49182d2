import { Allocations } from './allocations.js';
import { WeftError, show, unreadable } from './errors.js';

const ALIGN = 64; // a cache line, and enough for every SIMD type
const TypedArray = Object.getPrototypeOf(Uint8Array);

/** @typedef {Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array} AnyArray */
/**
 * @template {AnyArray} T
 * @typedef {{ new (buffer: ArrayBufferLike, byteOffset: number, length: number): T, readonly BYTES_PER_ELEMENT: number, readonly name: string }} ArrayConstructor
 */

/** @param {unknown} value */
function isArrayConstructor(value) {
  try {
    return typeof value === 'function' && Object.getPrototypeOf(value) === TypedArray;
  } catch {
    return false; // a proxy of the caller's
  }
}

/** By its tag: SharedArrayBuffer may be hidden.
 *
 * @param {unknown} value
 * @returns {value is ArrayBufferLike}
 */
const isBuffer = (value) => /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));

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

/** Memory that JavaScript takes from the C heap, and gives back. */
export class Heap {
  /** @param {import('./engine-wasi.js').Engine} engine */
  constructor({ memory, find }) {
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.allocations = new Allocations();
    this.find = find;
    this.encoder = new TextEncoder();
    this.copyString = this.copyString.bind(this);
  }

  /** @param {number} bytes  @param {number} align  @returns {number} an address, not recorded */
  take(bytes, align) {
    const address = bytes < 2 ** 32 ? this.find('weft_js_alloc')(bytes, align) >>> 0 : 0;
    if (address !== 0) return address;
    const { count, bytes: held } = this.allocations.held();
    throw new WeftError('WEFT_ERR_NOMEM',
      `out of memory: ${bytes} bytes asked for; of ${this.memory.buffer.byteLength} bytes in all, ${held} are held by ${count} arrays and pointers of rt.array, rt.alloc and rt.share: free some with rt.free(), or raise memoryBytes (at most 4 GiB)`);
  }

  /**
   * @template {AnyArray} T
   * @param {ArrayConstructor<T>} Constructor  @param {number} length
   * @returns {T}  not cleared
   */
  array(Constructor, length) {
    if (!isArrayConstructor(Constructor)) {
      throw new WeftError('WEFT_ERR_INVALID',
        'rt.array: the first argument must be a typed array constructor, such as Float64Array');
    }
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new WeftError('WEFT_ERR_INVALID',
        `rt.array: the length must be an integer from 0, got ${show(length)}`);
    }
    const size = length * Constructor.BYTES_PER_ELEMENT;
    const address = this.take(size, ALIGN);
    const array = new Constructor(this.memory.buffer, address, length);
    this.allocations.add(address, size, array);
    return array;
  }

  /** @param {number} bytes */
  alloc(bytes) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new WeftError('WEFT_ERR_INVALID',
        `rt.alloc: the size must be an integer from 0, got ${show(bytes)}`);
    }
    const address = this.take(bytes, ALIGN);
    this.allocations.add(address, bytes);
    return address;
  }

  /** @param {AnyArray | ArrayBufferLike | DataView} source */
  share(source) {
    let array;
    try {
      const buffer = isBuffer(source);
      if (!buffer && !ArrayBuffer.isView(source)) {
        throw new WeftError('WEFT_ERR_INVALID', `rt.share: the argument must be a typed array, such as Float64Array.from(values), got ${show(source)}`);
      }
      const from = buffer || source instanceof DataView
        ? new Uint8Array(buffer ? source : source.buffer, buffer ? 0 : source.byteOffset, source.byteLength)
        : source;
      // The tag, not the constructor: Node's Buffer comes out as the Uint8Array that it is.
      const Constructor = /** @type {any} */ (globalThis)[/** @type {any} */ (from)[Symbol.toStringTag]];
      array = this.array(Constructor, from.length);
      /** @type {any} */ (array).set(from);
      return array;
    } catch (error) {
      if (array) this.free(array);
      throw unreadable(error, 'rt.share: the argument');
    }
  }

  /** @param {ArrayBufferView | number} target */
  #find(target) {
    if (!ArrayBuffer.isView(target)) return this.allocations.at(target);
    try {
      return target.buffer === this.memory.buffer ? this.allocations.startingAt(target) : undefined;
    } catch (error) {
      throw unreadable(error, 'rt.free: the array');
    }
  }

  /** @param {ArrayBufferView | number} target */
  free(target) {
    const allocation = this.#find(target);
    if (!allocation) {
      throw new WeftError('WEFT_ERR_POINTER',
        'rt.free: not an array or pointer of rt.array, rt.alloc or rt.share, or freed before');
    }
    if (allocation.uses > 0) {
      throw new WeftError('WEFT_ERR_STATE',
        `rt.free: ${allocation.uses} pending call(s) use this array; await them first`);
    }
    this.allocations.remove(allocation);
    this.find('weft_js_free')(allocation.address);
  }

  /**
   * Frees an array that nobody else knows, as soon as no call uses it.
   *
   * @param {ArrayBufferView} array
   */
  discard(array) {
    const allocation = this.allocations.startingAt(array);
    if (!allocation) return;
    allocation.discarded = true;
    this.#dispose(allocation);
  }

  /** @param {any} allocation  or another thing that a call held */
  #dispose(allocation) {
    if (allocation.uses > 0 || !allocation.discarded) return;
    this.allocations.remove(allocation);
    this.find('weft_js_free')(allocation.address);
  }

  /** @param {Uint8Array} bytes  @returns {number} the address of a copy */
  put(bytes) {
    const address = this.take(bytes.length, 8);
    this.bytes.set(bytes, address);
    return address;
  }

  /** @param {string} text  @returns {number} the address of a NUL-terminated copy */
  copyString(text) {
    const encoded = this.encoder.encode(text);
    const address = this.take(encoded.length + 1, 8);
    this.bytes.set(encoded, address);
    this.bytes[address + encoded.length] = 0;
    return address;
  }

  /** @param {number} pointer */
  string(pointer) {
    const address = Number.isInteger(pointer) ? pointer >>> 0 : 0;
    const end = address === 0 ? -1 : this.bytes.indexOf(0, address);
    if (end < 0) {
      throw new WeftError('WEFT_ERR_POINTER',
        `rt.string: ${show(pointer)} is not the address of a NUL-terminated string`);
    }
    return new TextDecoder().decode(this.bytes.slice(address, end)); // takes no shared memory
  }

  /** @param {import('./arguments.js').Holdings} holdings  what a call held until its end */
  release({ arrays, owned }) {
    for (const allocation of arrays) {
      allocation.uses--;
      this.#dispose(allocation);
    }
    for (const address of owned) this.find('weft_js_free')(address);
  }
}
