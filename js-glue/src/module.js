import { WeftError } from './errors.js';
import { isCallable, isWasm, readSignatures } from './signature.js';

/** Exports that belong to the runtime and are not called by name. */
const INTERNAL = /^(weft_js_|weft_worker_|weft_thread_|weft_main_|wasi_thread_|_|main$|emscripten_|dynCall|stack(Save|Restore|Alloc)$|pthread_|asyncify_)/;

const NEEDED = ['weft_js_layout', 'weft_js_start', 'weft_js_submit'];

/**
 * A module's bytes, checked, and what they say about it.
 * @typedef {object} ModuleFacts
 * @property {Uint8Array} bytes
 * @property {import('./signature.js').MemoryType} memory
 * @property {Map<string, import('./arguments.js').Export>} callables
 * @property {string} names  the function list of wasm/ABI.md
 */

/** @param {string} what  @param {unknown} [cause] */
export function moduleError(what, cause) {
  return new WeftError('WEFT_ERR_MODULE', what, { cause });
}

/**
 * @param {Uint8Array} bytes
 * @param {string} label  names the module in messages
 * @returns {ModuleFacts}
 * @throws {WeftError} `WEFT_ERR_MODULE`
 */
export function inspectModule(bytes, label) {
  if (!isWasm(bytes)) throw moduleError(`${label} is not a WebAssembly module: its first bytes are not "\\0asm"`);
  let signatures;
  try {
    signatures = readSignatures(bytes);
  } catch (error) {
    throw moduleError(`${label} is damaged or cut short`, error);
  }
  const { functions, memory } = signatures;
  if (!NEEDED.every((name) => functions.has(name))) {
    throw moduleError(
      `${label} is not built with weft: it does not export ${NEEDED.find((name) => !functions.has(name))} (link the whole of libweft.a; with Emscripten link with -O2, since -O3 renames exports)`);
  }
  if (!memory?.imported || !memory.shared) {
    throw moduleError(
      `${label} does not import a shared memory: link it with --import-memory --shared-memory`);
  }
  const callables = new Map();
  const lines = [];
  for (const [name, type] of functions) {
    if (INTERNAL.test(name) || !isCallable(type)) continue;
    callables.set(name, { name, id: lines.length, params: type.params, result: type.results });
    lines.push(`${name}:${type.params}>${type.results}`);
  }
  return { bytes, memory, callables, names: lines.join('\n') };
}

/**
 * A shared memory that never grows, of the wanted size or, where the host refuses that,
 * of the first half, quarter and so on that it grants.
 *
 * @param {number} wanted  bytes
 * @param {import('./signature.js').MemoryType} limits  of the module
 * @returns {WebAssembly.Memory}
 * @throws {WeftError} `WEFT_ERR_NOMEM`
 */
export function createMemory(wanted, { minimum, maximum = Infinity }) {
  const page = 65536;
  let pages = Math.floor(Math.min(Math.max(wanted, minimum), maximum) / page);
  for (;;) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const next = Math.max(Math.floor(pages / 2), Math.ceil(minimum / page));
      if (next === pages) {
        throw new WeftError('WEFT_ERR_NOMEM',
          `the host refuses even the module's least memory, ${minimum} bytes`, { cause: error });
      }
      pages = next;
    }
  }
}
