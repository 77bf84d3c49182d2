import { createSmaller, refuseModule } from './module-rare.js';
import { isCallable, readSignatures } from './signature.js';

/** Exports that belong to the runtime and are not called by name. */
const INTERNAL = /^(weft_(js|worker|thread|main)_|wasi_thread_|_|main$|emscripten_|dynCall|stack(Save|Restore|Alloc)$|pthread_|asyncify_)/;

const PAGE = 65536;
const NEEDED = ['weft_js_layout', 'weft_js_start', 'weft_js_submit'];

/**
 * A module's bytes, checked, and what they say about it.
 * @typedef {object} ModuleFacts
 * @property {Uint8Array} bytes
 * @property {import('./signature.js').MemoryType} memory
 * @property {Map<string, import('./arguments.js').Export>} callables
 * @property {string} names  the function list of wasm/ABI.md
 */

/**
 * @param {Uint8Array} bytes
 * @param {string} label  names the module in messages
 * @returns {ModuleFacts}
 * @throws {WeftError} `WEFT_ERR_MODULE`
 */
export function inspectModule(bytes, label) {
  let signatures;
  try {
    signatures = readSignatures(bytes);
  } catch (error) {
    return refuseModule(bytes, label, 'sections', error);
  }
  const { functions, memory } = signatures;
  const lacks = NEEDED.find((name) => !functions.has(name));
  if (lacks) refuseModule(bytes, label, lacks);
  if (!memory?.imported || !memory.shared) return refuseModule(bytes, label, 'memory');
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
export function createMemory(wanted, limits) {
  const { minimum, maximum = Infinity } = limits;
  const pages = Math.floor(Math.min(Math.max(wanted, minimum), maximum) / PAGE);
  try {
    return makeMemory(pages);
  } catch (error) {
    return createSmaller(makeMemory, pages, minimum / PAGE, error);
  }
}

/** @param {number} pages */
const makeMemory = (pages) => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
