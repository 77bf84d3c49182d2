import { WeftError } from './errors.js';
import { CELL_BYTES, Slot } from './layout.js';

/**
 * A function of the module that can be called.
 * @typedef {object} Callable
 * @property {string} name
 * @property {number} id  its line in the function list
 * @property {string} params
 * @property {string} result
 */

/**
 * The memory as the conversions see it.
 * @typedef {object} Space
 * @property {DataView} view
 * @property {import('./allocations.js').Allocations} allocations
 * @property {(text: string) => number} copyString  the address of a NUL-terminated copy
 */

/**
 * What a call holds until it has ended.
 * @typedef {object} Holdings
 * @property {import('./allocations.js').Allocation[]} arrays
 * @property {number[]} strings  addresses
 */

const TYPE_NAMES = /** @type {Record<string, string>} */ ({
  i: 'an i32 (an integer, a boolean, a string, null, or an array of this runtime)',
  I: 'an i64 (a BigInt, such as 5n)',
  f: 'an f32 (a number)',
  F: 'an f64 (a number)',
});

/** @param {unknown} value */
function describe(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  return `an instance of ${Object.getPrototypeOf(value)?.constructor?.name ?? 'Object'}`;
}

/**
 * @param {Callable} callable  @param {number} index  @param {unknown} value
 * @param {string} [why]
 */
function mismatch({ name, params }, index, value, why) {
  const expected = TYPE_NAMES[params[index]];
  const detail = why === undefined ? '' : `: ${why}`;
  return new WeftError('WEFT_ERR_INVALID',
    `${name}: argument ${index + 1} of ${params.length} must be ${expected}, got ${describe(value)}${detail}`);
}

/**
 * The address of an array argument; a pending call then keeps it from being freed.
 *
 * @param {Space} space  @param {Callable} callable  @param {number} index
 * @param {ArrayBufferView} array  @param {Holdings} holdings
 */
function addressOf(space, { name }, index, array, holdings) {
  const where = `${name}: argument ${index + 1}`;
  if (array.buffer !== space.view.buffer) {
    throw new WeftError('WEFT_ERR_POINTER',
      `${where} is ${describe(array)} outside the runtime's memory: make it with rt.array(), or copy it in with rt.share()`);
  }
  const allocation = space.allocations.holding(array);
  if (!allocation) {
    throw new WeftError('WEFT_ERR_POINTER',
      `${where} is ${describe(array)} at address ${array.byteOffset} that was freed, or never came from rt.array(), rt.alloc() or rt.share()`);
  }
  holdings.arrays.push(allocation);
  return array.byteOffset;
}

/**
 * @param {Space} space  @param {Callable} callable  @param {number} index
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
    holdings.strings.push(address);
    return address;
  }
  if (ArrayBuffer.isView(value)) return addressOf(space, callable, index, value, holdings);
  throw mismatch(callable, index, value);
}

/** @param {Callable} callable  @param {number} index  @param {unknown} value */
function toI64(callable, index, value) {
  if (typeof value !== 'bigint') throw mismatch(callable, index, value);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    throw mismatch(callable, index, value, 'the range is -2^63 to 2^64-1');
  }
  return value;
}

/** @param {Callable} callable  @param {number} index  @param {unknown} value */
function toFloat(callable, index, value) {
  if (typeof value !== 'number') throw mismatch(callable, index, value);
  return value;
}

/**
 * Turns the arguments of a call into the values for its cells.
 *
 * @param {Space} space  @param {Callable} callable  @param {unknown[]} args
 * @param {Holdings} holdings  filled as far as it got, also when this throws
 * @returns {(number | bigint)[]}
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_POINTER`, `WEFT_ERR_NOMEM`
 */
export function convertArguments(space, callable, args, holdings) {
  const { name, params } = callable;
  if (args.length !== params.length) {
    throw new WeftError('WEFT_ERR_INVALID',
      `${name} takes ${params.length} argument${params.length === 1 ? '' : 's'}, got ${args.length}`);
  }
  return args.map((value, index) => {
    const type = params[index];
    if (type === 'i') return toI32(space, callable, index, value, holdings);
    if (type === 'I') return toI64(callable, index, value);
    return toFloat(callable, index, value);
  });
}

/**
 * Writes converted arguments into the cells of a slot.
 *
 * @param {DataView} view  @param {number} slot  @param {string} params
 * @param {(number | bigint)[]} values
 */
export function writeCells(view, slot, params, values) {
  for (let i = 0; i < values.length; i++) {
    const cell = slot + Slot.ARGUMENTS + CELL_BYTES * i;
    const value = /** @type {any} */ (values[i]);
    if (params[i] === 'i') view.setInt32(cell, value, true);
    else if (params[i] === 'I') view.setBigInt64(cell, value, true);
    else if (params[i] === 'f') view.setFloat32(cell, value, true);
    else view.setFloat64(cell, value, true);
  }
}

/**
 * @param {DataView} view  @param {number} slot  @param {string} type
 * @returns {number | bigint | undefined}
 */
export function readResult(view, slot, type) {
  const cell = slot + Slot.RESULT;
  if (type === 'i') return view.getInt32(cell, true);
  if (type === 'I') return view.getBigInt64(cell, true);
  if (type === 'f') return view.getFloat32(cell, true);
  if (type === 'F') return view.getFloat64(cell, true);
  return undefined;
}
