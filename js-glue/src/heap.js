import { Allocations } from './allocations.js';
import { isForeignArray, refuseArray, refuseFree, refuseSize, takenUp } from './heap-rare.js';

const ALIGN = 64; // a cache line, and enough for every SIMD type

/** @typedef {Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array} AnyArray */
/**
 * @template {AnyArray} T
 * @typedef {{ new (buffer: ArrayBufferLike, byteOffset: number, length: number): T, readonly BYTES_PER_ELEMENT: number, readonly name: string }} ArrayConstructor
 */

const TypedArray = Object.getPrototypeOf(Uint8Array);

/** @param {unknown} value */
function isArrayConstructor(value) {
  try {
    return typeof value === 'function' && (Object.getPrototypeOf(value) === TypedArray || isForeignArray(value));
  } catch {
    return false; // a proxy of the caller's
  }
}

/** @param {number} value */
const isSize = (value) => Number.isSafeInteger(value) && value >= 0;

/** Memory that JavaScript takes from the C heap, and gives back. */
export class Heap {
  /** @param {import('./engine-wasi.js').Engine} engine */
  constructor({ memory, find }) {
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.allocations = new Allocations();
    this.find = find;
  }

  /** @param {number} bytes  @param {number} align  @returns {number} an address, not recorded */
  take(bytes, align) {
    const address = bytes < 2 ** 32 ? this.find('weft_js_alloc')(bytes, align) >>> 0 : 0;
    if (address !== 0) return address;
    return takenUp(this, bytes);
  }

  /**
   * @template {AnyArray} T
   * @param {ArrayConstructor<T>} Constructor  @param {number} length
   * @returns {T}  not cleared
   */
  array(Constructor, length) {
    if (!isArrayConstructor(Constructor)) refuseArray();
    if (!isSize(length)) refuseSize('rt.array: the length', length);
    const size = length * Constructor.BYTES_PER_ELEMENT;
    const address = this.take(size, ALIGN);
    const array = new Constructor(this.memory.buffer, address, length);
    this.allocations.add(address, size, array);
    return array;
  }

  /** @param {number} bytes */
  alloc(bytes) {
    if (!isSize(bytes)) refuseSize('rt.alloc: the size', bytes);
    const address = this.take(bytes, ALIGN);
    this.allocations.add(address, bytes);
    return address;
  }

  /** @param {ArrayBufferView | number} target */
  free(target) {
    let allocation;
    let unread;
    try {
      if (!ArrayBuffer.isView(target)) allocation = this.allocations.byAddress.get(target);
      else if (target.buffer === this.memory.buffer) allocation = this.allocations.startingAt(target);
    } catch (error) {
      unread = { error };
    }
    if (!allocation || allocation.uses > 0) return refuseFree(allocation, unread);
    this.#dispose(allocation);
  }

  /** @param {any} allocation */
  #dispose(allocation) {
    this.allocations.remove(allocation);
    this.find('weft_js_free')(allocation.address);
  }

  /** @param {Uint8Array} bytes  @returns {number} the address of a copy */
  put(bytes) {
    const address = this.take(bytes.length, 8);
    this.bytes.set(bytes, address);
    return address;
  }

  /** @param {import('./arguments.js').Holdings} holdings  what a call held until its end */
  release({ arrays, owned }) {
    for (const held of /** @type {any[]} */ (arrays)) if (--held.uses === 0 && held.discarded) this.#dispose(held);
    for (const address of owned) this.find('weft_js_free')(address);
  }
}
