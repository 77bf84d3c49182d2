import { WeftError } from '../errors.js';
import { Output } from './arguments.js';

const RETRY_MS = 50;

/**
 * What a chunk gives: the result of the kernel and, where it has out() or inout() arguments,
 * those arrays in their order.
 *
 * @typedef {{ value: number | bigint | undefined, arrays: import('../heap.js').AnyArray[] }} Outcome
 */

/**
 * Frees arrays of a call. One that was aborted may still run: then as soon as it has ended.
 *
 * @param {import('../runtime.js').Runtime} rt  @param {ArrayBufferView[]} arrays
 */
function release(rt, arrays) {
  const left = arrays.filter((array) => {
    try {
      rt.free(array);
    } catch (error) {
      return error instanceof WeftError && error.code === 'WEFT_ERR_STATE'; // else there is no runtime any more
    }
    return false;
  });
  if (left.length > 0) setTimeout(release, RETRY_MS, rt, left).unref();
}

/**
 * Runs one chunk on a runtime: copies its arrays in, calls the kernel, copies outputs back.
 *
 * @param {import('../runtime.js').Runtime} rt
 * @param {any[]} args
 * @param {(values: any[]) => Promise<any>} call  calls the kernel with them, as rt takes them
 * @returns {Promise<Outcome>}
 * @throws {WeftError}  as rt.call
 */
export async function execute(rt, args, call) {
  /** @type {any[]} */
  const held = [];
  /** @type {any[]} */
  const outputs = [];
  /** @type {(value: any) => any} */
  const place = (value) => {
    if (value instanceof Output) {
      const array = value.source ? rt.share(value.source) : rt.array(value.Type, value.length);
      held.push(array);
      outputs.push(array);
      return array;
    }
    if (!ArrayBuffer.isView(value)) return value;
    const array = rt.share(/** @type {any} */ (value));
    held.push(array);
    return array;
  };
  try {
    const value = await call(args.map(place));
    return { value, arrays: outputs.map((array) => rt.copy(array)) };
  } finally {
    if (held.length > 0) release(rt, held);
  }
}
