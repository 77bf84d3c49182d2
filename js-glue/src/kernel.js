import { WeftError } from './errors.js';

/**
 * A stock kernel of the module.
 *
 * @param {Pick<import('./runtime.js').Core, 'callables' | 'mustBeOpen'>} core
 * @param {string} name
 * @returns {import('./arguments.js').ExportCallable}
 * @throws {WeftError} `WEFT_ERR_EXPORT`, `WEFT_ERR_CLOSED`
 */
export function findKernel({ callables, mustBeOpen }, name) {
  mustBeOpen();
  const found = callables.get(name);
  if (found) return found;
  throw new WeftError('WEFT_ERR_EXPORT',
    `this module has no ${name}, it was linked without the stock kernels: add KERNELS to its weft_add_module() in CMake (or link libweft_kernels.a whole), or leave the option module out of createRuntime()`);
}

/**
 * Frees an array of ours once no call uses it; with the runtime gone there is nothing to free.
 *
 * @param {import('./runtime.js').Core} core  @param {ArrayBufferView} array
 */
export function discard({ heap, mustBeOpen }, array) {
  try {
    mustBeOpen();
  } catch {
    return;
  }
  const allocation = heap.allocations.startingAt(array);
  if (!allocation) return;
  allocation.discarded = true;
  allocation.uses++;
  heap.release({ arrays: [allocation], owned: [] });
}

/** One call of a kernel that returns a status, or nothing, and leaves its results in memory. */
export class Kernel {
  #heap;
  #entry;
  #bytes;
  #pointers;
  #read;
  #at = 0;

  /**
   * @param {import('./heap.js').Heap} heap
   * @param {import('./arguments.js').ExportCallable} entry
   * @param {number} bytes  of the results
   * @param {(at: number) => number[]} pointers  the last arguments, given where the results are
   * @param {(at: number) => any} read
   */
  constructor(heap, entry, bytes, pointers, read) {
    this.#heap = heap;
    this.#entry = entry;
    this.#bytes = bytes;
    this.#pointers = pointers;
    this.#read = read;
    this.name = entry.name;
    this.id = entry.id;
  }

  /** @param {any[]} args */
  convert(args) {
    const at = this.#at = this.#heap.take(this.#bytes, 16);
    args.push(...this.#pointers(at));
    try {
      const holdings = this.#entry.convert(args) ?? { arrays: [], owned: [] };
      holdings.owned.push(at); // freed with the call, after `read`
      return holdings;
    } catch (error) {
      this.#heap.release({ arrays: [], owned: [at] });
      throw error;
    }
  }

  /** @param {number} slot  @param {any[]} values */
  write(slot, values) {
    this.#entry.write(slot, values);
  }

  /** @param {number} slot */
  read(slot) {
    const status = this.#entry.read(slot);
    return [status, status ? undefined : this.#read(this.#at)];
  }
}
