import { readResult } from './arguments.js';
import { STATUS, codeOf } from './errors.js';
import { Slot } from './layout.js';

/**
 * How a job failed. The error is made of it in rt.call, a resumed async function, so that
 * V8 knows who awaited it and the stack names the caller, at no cost for a call that
 * succeeds (capturing a stack for each would cost 2 to 9 µs).
 */
export class Failure {
  /** @param {import('./errors.js').WeftCode} code  @param {string} message  @param {unknown} [cause] */
  constructor(code, message, cause) {
    this.code = code;
    this.message = message;
    this.cause = cause;
  }
}

/**
 * What became of a finished job.
 *
 * @param {{ view: DataView, find: (name: string) => any }} engine
 * @param {number} slot  its address
 * @param {import('./arguments.js').Callable} callable
 * @returns {number | bigint | undefined | Failure}
 */
export function readOutcome({ view, find }, slot, { name, result }) {
  const record = takeRecord(view, find, slot);
  const status = view.getUint32(slot + Slot.STATUS, true);
  if (status === STATUS.WEFT_OK) return readResult(view, slot, result);
  const code = codeOf(status) ?? 'WEFT_ERR_TRAP';
  return new Failure(code, explain(code, name, record), record);
}

/**
 * The error that a worker left in the slot.
 *
 * @param {DataView} view  @param {(name: string) => any} find  @param {number} slot
 */
function takeRecord(view, find, slot) {
  const address = view.getUint32(slot + Slot.ERROR, true);
  if (address === 0) return undefined;
  const length = view.getUint32(slot + Slot.ERROR_BYTES, true);
  const bytes = new Uint8Array(view.buffer).slice(address, address + length);
  find('weft_js_free')(address);
  const { name, message, stack } = JSON.parse(new TextDecoder().decode(bytes));
  const error = new Error(message);
  error.name = name;
  error.stack = stack;
  return error;
}

/**
 * @param {import('./errors.js').WeftCode} code  @param {string} name
 * @param {Error} [record]
 */
function explain(code, name, record) {
  const why = record ? `: ${record.name === 'RuntimeError' ? '' : `${record.name}: `}${record.message}` : '';
  switch (code) {
    case 'WEFT_ERR_TRAP':
      return `${name} trapped${why}`;
    case 'WEFT_ERR_STACK':
      return `${name} overran its stack${why}; recurse less deeply, or raise stackBytes`;
    case 'WEFT_ERR_CANCELLED':
      return `${name} was cancelled`;
    default:
      return `${name} failed with ${code}${why}`;
  }
}
