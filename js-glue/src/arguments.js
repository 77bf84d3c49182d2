import { WeftError, show, unreadable } from './errors.js';
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
 * @property {(text: string) => number} copyString  the address of a NUL-terminated copy
 * @property {(name: string) => any} find  an exported function
 */

/**
 * What a call holds until it has ended.
 * @typedef {object} Holdings
 * @property {{ uses: number }[]} arrays  must not be freed meanwhile
 * @property {number[]} owned  addresses from the C heap, freed with the call
 */

const TYPE_NAMES = /** @type {Record<string, string>} */ ({
  i: 'an i32 (an integer, a boolean, a string, null, or an array of this runtime)',
  I: 'an i64 (a BigInt, such as 5n)',
  f: 'an f32 (a number)',
  F: 'an f64 (a number)',
});

/**
 * @param {Export} callable  @param {number} index  @param {unknown} value
 * @param {string} [why]
 */
function mismatch({ name, params }, index, value, why) {
  const expected = TYPE_NAMES[params[index]];
  const detail = why === undefined ? '' : `: ${why}`;
  return new WeftError('WEFT_ERR_INVALID',
    `${name}: argument ${index + 1} of ${params.length} must be ${expected}, got ${show(value)}${detail}`);
}

/**
 * The address of an array argument; a pending call then keeps it from being freed.
 *
 * @param {Space} space  @param {Export} callable  @param {number} index
 * @param {ArrayBufferView} array  @param {Holdings} holdings
 */
function addressOf(space, { name }, index, array, holdings) {
  const where = `${name}: argument ${index + 1}`;
  if (array.buffer !== space.view.buffer) {
    throw new WeftError('WEFT_ERR_POINTER',
      `${where} is ${show(array)} outside the runtime's memory: make it with rt.array(), or copy it in with rt.share()`);
  }
  const allocation = space.allocations.holding(array);
  if (!allocation) {
    throw new WeftError('WEFT_ERR_POINTER',
      `${where} is ${show(array)} at address ${array.byteOffset} that was freed, or never came from rt.array(), rt.alloc() or rt.share()`);
  }
  allocation.uses++;
  holdings.arrays.push(allocation);
  return array.byteOffset;
}

/**
 * @param {Space} space  @param {Export} callable  @param {number} index
 * @param {unknown} value  @param {Holdings} holdings
 * @returns {number}
 */
function toI32(space, callable, index, value, holdings) {
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw mismatch(callable, index, value);
    if (value < -(2 ** 31) || value >= 2 ** 32) {
      throw mismatch(callable, index, value, 'the range is -2^31 to 2^32-1');
    }
    return value;
  }
  if (typeof value === 'boolean') return Number(value);
  if (value === null) return 0;
  if (typeof value === 'string') {
    if (value.includes('\0')) {
      throw mismatch(callable, index, value, 'a C string ends at its first NUL character');
    }
    const address = space.copyString(value);
    holdings.owned.push(address);
    return address;
  }
  if (ArrayBuffer.isView(value)) return addressOf(space, callable, index, value, holdings);
  if (isShared(value)) {
    const object = value.hold(space.find);
    object.uses++;
    holdings.arrays.push(object);
    return value.address;
  }
  throw mismatch(callable, index, value);
}

/**
 * A lock or channel: by what it has, so that calls of plain functions load none of those.
 *
 * @param {any} value
 * @returns {value is import('./shared.js').SharedObject}
 */
const isShared = (value) => typeof value?.weftHandle === 'function' && typeof value.hold === 'function';

/** @param {Export} callable  @param {number} index  @param {unknown} value */
function checkI64(callable, index, value) {
  if (typeof value !== 'bigint') throw mismatch(callable, index, value);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    throw mismatch(callable, index, value, 'the range is -2^63 to 2^64-1');
  }
}

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
    const { name, params } = this;
    const count = params.length;
    if (args.length !== count) {
      throw new WeftError('WEFT_ERR_INVALID',
        `${name} takes ${count} argument${count === 1 ? '' : 's'}, got ${args.length}`);
    }
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
        } else if (type === 'I') checkI64(this, i, value);
        else if (typeof value !== 'number') throw mismatch(this, i, value);
      }
    } catch (error) {
      if (holdings) this.heap.release(holdings);
      throw unreadable(error, `${name}: an argument`);
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
