/** What few calls of C functions need: rarer arguments, and the errors for wrong ones. */
import { WeftError } from './errors.js';
import { show, unreadable } from './show.js';

/** @typedef {import('./arguments.js').Export} Export */
/** @typedef {import('./arguments.js').Holdings} Holdings */
/** @typedef {import('./arguments.js').Space} Space */

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
 * @param {Space} space  @param {Export} callable  @param {number} index
 * @param {ArrayBufferView} array  not to be used
 */
function outside(space, { name }, index, array) {
  const where = `${name}: argument ${index + 1}`;
  if (array.buffer !== space.view.buffer) {
    return new WeftError('WEFT_ERR_POINTER',
      `${where} is ${show(array)} outside the runtime's memory: make it with rt.array(), or copy it in with rt.share()`);
  }
  return new WeftError('WEFT_ERR_POINTER',
    `${where} is ${show(array)} at address ${array.byteOffset} that was freed, or never came from rt.array(), rt.alloc() or rt.share()`);
}

/**
 * @param {Space} space  @param {Export} callable  @param {number} index
 * @param {unknown} value  @param {Holdings} holdings
 * @returns {number}
 */
export function convertRarer(space, callable, index, value, holdings) {
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
    const address = space.put(new TextEncoder().encode(`${value}\0`));
    holdings.owned.push(address);
    return address;
  }
  if (ArrayBuffer.isView(value)) throw outside(space, callable, index, value);
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

/** @param {Export} callable  @param {number} count  of arguments that it got  @returns {never} */
export function refuseCount({ name, params: { length } }, count) {
  throw new WeftError('WEFT_ERR_INVALID', `${name} takes ${length} argument${length === 1 ? '' : 's'}, got ${count}`);
}

/** @param {Export} callable  @param {number} index  @param {unknown} value  @returns {never} */
export function refuseArgument(callable, index, value) {
  throw mismatch(callable, index, value, typeof value === 'bigint' && callable.params[index] === 'I' ? 'the range is -2^63 to 2^64-1' : undefined);
}

/** @param {unknown} error  from the conversion of arguments  @param {Export} callable */
export const whyRefused = (error, { name }) => unreadable(error, `${name}: an argument`);
