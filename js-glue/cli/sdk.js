import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What tests/setup/build.js leaves: `cmake --install` of the wasi target (headers, libraries,
 * flags), and the sources from which the other targets' libraries are built.
 */
const folder = process.env.WEFT_SDK ?? fileURLToPath(new URL('../sdk', import.meta.url));

/** @typedef {Record<string, string[]>} Flags  by what they are for: flags.json */

/** The files that the compilers need. */
export function openSdk() {
  const root = path.join(folder, 'wasi');
  const library = path.join(root, 'lib/libweft.a');
  if (!existsSync(library)) {
    throw new Error(`${library} is missing: reinstall the package; in weft's source tree: npm run build`);
  }
  const settings = (/** @type {string} */ name) => path.join(root, 'lib/cmake/weft', name);
  /** @type {{ wasi: Flags, emscripten: Flags }} */
  const flags = JSON.parse(readFileSync(settings('flags.json'), 'utf8'));
  const wrapped = readFileSync(settings('wrap.txt'), 'utf8').split('\n').filter((line) => /^[a-z_]/i.test(line));
  flags.wasi.link.push(...wrapped.map((name) => `-Wl,--wrap=${name}`));
  return {
    flags,
    settings: ['flags.json', 'wrap.txt', 'stack_check.mjs'].map(settings),
    stackCheck: settings('stack_check.mjs'),
    include: path.join(root, 'include'),
    threadInclude: path.join(root, 'include/weft-thread'),
    start: settings('start.c'),
    library,
    kernels: path.join(root, 'lib/libweft_kernels.a'),
    source: path.join(folder, 'source'),
    emscriptenLibrary: settings('weft_emscripten_library.js'),
    emscriptenStart: settings('emscripten-node.js'),
  };
}

/** @typedef {ReturnType<typeof openSdk>} Sdk */
