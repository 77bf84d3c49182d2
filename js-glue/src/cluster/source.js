import { WeftError } from '../errors.js';
import { show } from '../show.js';
import { createRuntime } from '../index.js';
import { inspectModule } from '../module.js';
import { unknownExport } from '../nearest.js';
import { builtin } from '../node.js';
import { STOCK } from '../stock.js';

/** @typedef {import('../options.js').RuntimeOptions} RuntimeOptions */

/** Where a digest is all that is wanted of a runtime. */
const SMALL = { threads: 0, memoryBytes: 64 * 1024 * 1024 };

/**
 * A module that can travel: its bytes (a Buffer, which is what Redis' client sends), their BLAKE3 digest, and what it exports.
 * @typedef {{ bytes: Uint8Array, digest: string, functions: string[] }} ModuleSource
 */

/** @param {unknown} module  @returns {Promise<Buffer>} */
async function readBytes(module) {
  if (module === undefined) return readBytes(STOCK);
  if (typeof module === 'string' || module instanceof URL) {
    if (/\.[cm]?js$/.test(String(module))) {
      throw new WeftError('WEFT_ERR_UNSUPPORTED',
        'weft/cluster takes modules of the wasi flavour: one .wasm file, which travels to every machine; Emscripten\'s need the .js beside it');
    }
    const file = module instanceof URL || !module.startsWith('file:') ? module : new URL(module);
    try {
      return await builtin('fs').promises.readFile(file);
    } catch (error) {
      throw new WeftError('WEFT_ERR_MODULE', `${module} cannot be read: ${/** @type {Error} */ (error).message}`, { cause: error });
    }
  }
  if (ArrayBuffer.isView(module)) return Buffer.copyBytesFrom(new Uint8Array(module.buffer, module.byteOffset, module.byteLength));
  if (module instanceof ArrayBuffer) return Buffer.copyBytesFrom(new Uint8Array(module));
  throw new WeftError('WEFT_ERR_INVALID', `module must be a URL, a path, or the bytes of a .wasm file; got ${show(module)}`);
}

/** The BLAKE3 digest of some bytes, by the stock module. */
export async function digestOf(/** @type {Uint8Array} */ bytes) {
  const rt = await createRuntime(SMALL);
  try {
    return await rt.hash(bytes);
  } finally {
    await rt.close();
  }
}

/**
 * @param {unknown} module  as createRuntime takes it, of the wasi flavour
 * @returns {Promise<ModuleSource>}
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_MODULE`, `WEFT_ERR_UNSUPPORTED`
 */
export async function readModule(module) {
  const bytes = await readBytes(module);
  const { callables } = inspectModule(bytes, typeof module === 'string' || module instanceof URL ? String(module) : 'the module');
  return { bytes, digest: await digestOf(bytes), functions: [...callables.keys()] };
}

/** @param {string[]} functions  @param {string} kernel */
export function mustExport(functions, kernel) {
  if (!functions.includes(kernel)) unknownExport(kernel, functions);
}
