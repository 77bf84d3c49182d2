import { WeftError } from './errors.js';
import { codeOf } from './status.js';
import { Slot } from './layout.js';
import { Failure, titled } from './outcome.js';

/**
 * How a finished job failed.
 *
 * @param {{ view: DataView, find: (name: string) => any, core: import('./runtime.js').Core }} engine
 * @param {number} slot  its address
 * @param {string} name  @param {import('./jobs.js').Waiter | undefined} waiter
 */
export function readOutcome({ view, find, core }, slot, name, waiter) {
  const record = takeRecord(view, find, core.codec, slot);
  const code = codeOf(view.getUint32(slot + Slot.STATUS, true)) ?? 'WEFT_ERR_TRAP';
  return new Failure(code, explain(code, titled(name, waiter), record), record);
}

/**
 * The error that a worker left in the slot.
 *
 * @param {DataView} view  @param {(name: string) => any} find
 * @param {import('./codec.js').Codec} codec  @param {number} slot
 * @returns {any}
 */
function takeRecord(view, find, codec, slot) {
  const address = view.getUint32(slot + Slot.ERROR, true);
  if (address === 0) return undefined;
  const length = view.getUint32(slot + Slot.ERROR_BYTES, true);
  const bytes = new Uint8Array(view.buffer).slice(address, address + length);
  find('weft_js_free')(address);
  if (bytes[0] !== 0x7b) return codec.decoder.decode(0, new DataView(bytes.buffer));
  const { name, message, stack } = JSON.parse(new TextDecoder().decode(bytes));
  const error = new Error(message);
  error.name = name;
  error.stack = stack;
  return error;
}

/**
 * @param {import('./errors.js').WeftCode} code  @param {string} name
 * @param {any} [record]  a task can throw any value
 */
function explain(code, name, record) {
  const why = record ? `: ${record.name === 'RuntimeError' ? '' : `${record.name}: `}${record.message}` : '';
  switch (code) {
    case 'WEFT_ERR_TRAP':
      return `${name} trapped${why}`;
    case 'WEFT_ERR_STACK': // a trap is the stack check's own
      return `${name} overran its stack${record?.name === 'RuntimeError' ? '' : why}; recurse less deeply, or raise stackBytes`;
    case 'WEFT_ERR_THROWN':
      return `${name}: ${record instanceof Error ? record.message : String(record)}`;
    case 'WEFT_ERR_CANCELLED':
      return `${name} was cancelled`;
    default:
      if (record instanceof WeftError) return `${name}: ${record.message}`;
      return `${name} failed with ${code}${why}`;
  }
}
