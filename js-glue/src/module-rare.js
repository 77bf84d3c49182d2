/** The errors of modules that cannot be used. */
import { WeftError } from './errors.js';
import { isWasm } from './signature-rare.js';

const PAGE = 65536;

/** @param {string} what  @param {unknown} [cause] */
export function moduleError(what, cause) {
  return new WeftError('WEFT_ERR_MODULE', what, { cause });
}

/** @param {string} what  @param {any} error */
export const unusable = (what, error) => moduleError(`${what}: ${error.message}`, error);

/**
 * @param {Uint8Array} bytes  @param {string} label
 * @param {string} lacks  `sections`: whole ones; `memory`; an export
 * @param {unknown} [error]  from reading the sections
 * @returns {never}
 */
export function refuseModule(bytes, label, lacks, error) {
  if (!isWasm(bytes)) throw moduleError(`${label} is not a WebAssembly module: its first bytes are not "\\0asm"`);
  if (lacks === 'sections') throw moduleError(`${label} is damaged or cut short`, error);
  if (lacks === 'memory') {
    throw moduleError(`${label} does not import a shared memory: link it with --import-memory --shared-memory`);
  }
  throw moduleError(
    `${label} is not built with weft: it does not export ${lacks} (link the whole of libweft.a; with Emscripten link with -O2, since -O3 renames exports)`);
}

/**
 * A memory of half the pages, or a quarter and so on, for a host that refuses more.
 *
 * @param {(pages: number) => WebAssembly.Memory} make  @param {number} pages  refused
 * @param {number} least  @param {unknown} error  of the host
 * @returns {WebAssembly.Memory}
 */
export function createSmaller(make, pages, least, error) {
  for (;;) {
    if (/** @type {any} */ (error)?.name !== 'RangeError') throw error;
    const next = Math.max(Math.floor(pages / 2), Math.ceil(least));
    if (next === pages) {
      throw new WeftError('WEFT_ERR_NOMEM',
        `the host refuses even the module's least memory, ${least * PAGE} bytes. V8 reserves 10 GB of addresses for each: where ulimit -v allows less, start Node 20 or 22 with --disable-wasm-trap-handler`, { cause: error });
    }
    pages = next;
    try {
      return make(pages);
    } catch (again) {
      error = again;
    }
  }
}
