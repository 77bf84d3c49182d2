import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `cmake --install` of the wasi target leaves: headers, libraries, flags. */
const folder = process.env.WEFT_SDK ?? fileURLToPath(new URL('../sdk', import.meta.url));

/**
 * @typedef {object} Flags
 * @property {string[]} features
 * @property {string[]} compile
 * @property {string[]} link
 * @property {string[]} strip  debug information
 * @property {string[]} module
 * @property {string[]} program
 */

/** The files of one target that the compiler needs. */
export function openSdk() {
  const root = path.join(folder, 'wasi');
  const library = path.join(root, 'lib/libweft.a');
  if (!existsSync(library)) {
    throw new Error(`${library} is missing: reinstall the package; in weft's source tree: npm run build`);
  }
  const settings = (/** @type {string} */ name) => path.join(root, 'lib/cmake/weft', name);
  /** @type {Flags} */
  const flags = JSON.parse(readFileSync(settings('flags.json'), 'utf8')).wasi;
  const wrapped = readFileSync(settings('wrap.txt'), 'utf8').split('\n').filter((line) => /^[a-z_]/i.test(line));
  return {
    flags: { ...flags, link: [...flags.link, ...wrapped.map((name) => `-Wl,--wrap=${name}`)] },
    include: path.join(root, 'include'),
    threadInclude: path.join(root, 'include/weft-thread'),
    start: settings('start.c'),
    library,
    kernels: path.join(root, 'lib/libweft_kernels.a'),
  };
}

/** @typedef {ReturnType<typeof openSdk>} Sdk */
