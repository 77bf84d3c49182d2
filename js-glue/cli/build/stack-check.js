import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { pack, unpack } from './emscripten.js';

/**
 * What adds stack checks to the modules that a linker has made.
 *
 * @param {import('../sdk.js').Sdk} sdk
 * @returns {NonNullable<import('./compile.js').Tools['finish']>}
 */
export const stackChecker = (sdk) => async (file, packed) => {
  const { addStackChecks } = await import(pathToFileURL(sdk.stackCheck).href);
  try {
    if (!packed) writeFileSync(file, addStackChecks(readFileSync(file)).bytes);
    else {
      const files = [...unpack(file)].map(([name, bytes]) => [name, name.endsWith('.wasm') ? addStackChecks(bytes).bytes : bytes]);
      pack(/** @type {[string, Uint8Array][]} */ (files), file);
    }
    return '';
  } catch (error) {
    return `weft build: the module gets no stack checks: ${/** @type {Error} */ (error).message}\n`;
  }
};
