import { convertRarer, refuseCount, refuseArgument, whyRefused } from './arguments-rare.js';
import { CELL_BYTES, Slot } from './layout.js';

/**
 * An exported function of the module.
 * @typedef {object} Export
 * @property {string} name
 * @property {number} id  its line in the function list
 * @property {string} params
 * @property {string} result
 */

/**
 * What a job can run: an exported function of C, or a task of JavaScript.
 * @typedef {object} Callable
 * @property {string} name
 * @property {number} id  goes into the slot's FUNCTION word
 * @property {(args: any[]) => Holdings | undefined} convert  checks the arguments and turns
 *   them, in place, into what `write` takes; holds nothing when it throws
 * @property {(slot: number, values: any[]) => void} write  fills the cells of a slot
 * @property {(slot: number) => any} read  the result of a job that ended well
 */

/**
 * The memory as the conversions see it.
 * @typedef {object} Space
 * @property {DataView} view
 * @property {import('./allocations.js').Allocations} allocations
 * @property {(bytes: Uint8Array) => number} put  the address of a copy
 * @property {(name: string) => any} find  an exported function
 */

/**
 * What a call holds until it has ended.
 * @typedef {object} Holdings
 * @property {{ uses: number }[]} arrays  must not be freed meanwhile
 * @property {number[]} owned  addresses from the C heap, freed with the call
 */

/**
 * The address for an argument: of an array, which a pending call keeps from being freed, or
 * whatever else is an i32.
 *
 * @param {Space} space  @param {Export} callable  @param {number} index
 * @param {any} value  @param {Holdings} holdings
 * @returns {number}
 */
function toI32(space, callable, index, value, holdings) {
  if (ArrayBuffer.isView(value) && value.buffer === space.view.buffer) {
    const allocation = space.allocations.holding(value);
    if (allocation) {
      allocation.uses++;
      holdings.arrays.push(allocation);
      return value.byteOffset;
    }
  }
  return convertRarer(space, callable, index, value, holdings);
}

const I64_MIN = -(2n ** 63n);
const U64_MAX = 2n ** 64n - 1n;

/** A Callable for an exported function. */
export class ExportCallable {
  /** @param {import('./heap.js').Heap} heap  @param {Export} entry */
  constructor(heap, { name, id, params, result }) {
    this.heap = heap;
    this.name = name;
    this.id = id;
    this.params = params;
    this.result = result;
  }

  /**
   * @param {any[]} args
   * @returns {Holdings | undefined}
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_POINTER`, `WEFT_ERR_NOMEM`
   */
  convert(args) {
    const { params } = this;
    const count = params.length;
    if (args.length !== count) refuseCount(this, args.length);
    /** @type {Holdings | undefined} */
    let holdings;
    try {
      for (let i = 0; i < count; i++) {
        const value = args[i];
        const type = params[i];
        if (type === 'i') {
          if (typeof value === 'number' && value === (value | 0)) continue; // most of them
          holdings ??= { arrays: [], owned: [] };
          args[i] = toI32(this.heap, this, i, value, holdings);
        } else if (type === 'I' ? typeof value !== 'bigint' || value < I64_MIN || value > U64_MAX : typeof value !== 'number') {
          refuseArgument(this, i, value);
        }
      }
    } catch (error) {
      if (holdings) this.heap.release(holdings);
      throw whyRefused(error, this);
    }
    return holdings;
  }

  /** @param {number} slot  @param {any[]} values */
  write(slot, values) {
    const { params } = this;
    const { view } = this.heap;
    for (let i = 0; i < values.length; i++) {
      const cell = slot + Slot.ARGUMENTS + CELL_BYTES * i;
      const type = params[i];
      if (type === 'i') view.setInt32(cell, values[i], true);
      else if (type === 'I') view.setBigInt64(cell, values[i], true);
      else if (type === 'f') view.setFloat32(cell, values[i], true);
      else view.setFloat64(cell, values[i], true);
    }
  }

  /** @param {number} slot  @returns {number | bigint | undefined} */
  read(slot) {
    const { view } = this.heap;
    const cell = slot + Slot.RESULT;
    switch (this.result) {
      case 'i': return view.getInt32(cell, true);
      case 'I': return view.getBigInt64(cell, true);
      case 'f': return view.getFloat32(cell, true);
      case 'F': return view.getFloat64(cell, true);
      default: return undefined;
    }
  }
}
