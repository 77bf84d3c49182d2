// Where the ladder finds what the build made. The only file to change when it moves.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

const SOURCE = new URL('js-glue/src/index.js', root);
const PACKAGE = new URL('js-glue/dist/index.js', root);

/** The package's files, as users have them, unless they are older than the sources. */
function findGlue() {
  if (!fs.existsSync(PACKAGE)) return SOURCE;
  const made = fs.statSync(PACKAGE).mtimeMs;
  const folder = new URL('.', SOURCE);
  return fs.readdirSync(folder).every((name) => fs.statSync(new URL(name, folder)).mtimeMs <= made) ? PACKAGE : SOURCE;
}

export const GLUE = findGlue();
export const MODULES = {
  wasi: new URL('js-glue/wasm/weft_kernels.wasm', root),
  emscripten: new URL('js-glue/wasm/emscripten/weft_kernels.js', root),
};
export const OUT_DIR = fileURLToPath(new URL('build/ladder/', root));

const NATIVE = ['build/native/tests/bench/ladder_native', 'build/native/ladder_native'];

/** The native program, or null where it is not built. WEFT_LADDER_NATIVE overrides. */
export function findNative() {
  const places = process.env.WEFT_LADDER_NATIVE
    ? [process.env.WEFT_LADDER_NATIVE] : NATIVE.map((path) => fileURLToPath(new URL(path, root)));
  return places.find((path) => fs.existsSync(path)) ?? null;
}

/** A module of one flavour, or null where it is not built. */
export function findModule(flavour) {
  return fs.existsSync(MODULES[flavour]) && fs.existsSync(GLUE) ? MODULES[flavour] : null;
}
