/**
 * The pieces of the runtime's memory that were handed out and are not freed.
 *
 * @typedef {object} Allocation
 * @property {number} address
 * @property {number} bytes
 * @property {number} uses  pending calls that were given a pointer into it
 * @property {boolean} freed
 * @property {boolean} discarded  to be freed with the last of these calls
 */

export class Allocations {
  /** @type {Map<number, Allocation>} */
  byAddress = new Map();

  /** Addresses in rising order; undefined when out of date. @type {Float64Array | undefined} */
  #sorted;

  /**
   * What an array object was made for. Tells a freed array from a new one that was given
   * the same address. @type {WeakMap<ArrayBufferView, Allocation>}
   */
  #byArray = new WeakMap();

  /** @param {number} address  @param {number} bytes  @param {ArrayBufferView} [array] */
  add(address, bytes, array) {
    const allocation = { address, bytes, uses: 0, freed: false, discarded: false };
    this.byAddress.set(address, allocation);
    this.#sorted = undefined;
    if (array) this.#byArray.set(array, allocation);
  }

  /** @param {Allocation} allocation */
  remove(allocation) {
    allocation.freed = true;
    this.byAddress.delete(allocation.address);
    this.#sorted = undefined;
  }

  /** @param {ArrayBufferView} view  @returns {Allocation | undefined} */
  startingAt(view) {
    const found = this.holding(view);
    return found?.address === view.byteOffset ? found : undefined;
  }

  /**
   * The live allocation that holds all of a view on the runtime's memory.
   *
   * @param {ArrayBufferView} view
   * @returns {Allocation | undefined}
   */
  holding(view) {
    const own = this.#byArray.get(view);
    if (own) return own.freed ? undefined : own;
    const { byteOffset: start, byteLength } = view;
    const allocation = this.byAddress.get(start) ?? this.#before(start);
    if (!allocation || start + byteLength > allocation.address + allocation.bytes) return undefined;
    return allocation;
  }

  /** The allocation with the highest address below `address`. @param {number} address */
  #before(address) {
    this.#sorted ??= Float64Array.from(this.byAddress.keys()).sort();
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.byAddress.get(this.#sorted[low - 1]);
  }
}
