import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspectModule } from '../../src/module.js';
import { link } from './compile.js';
import { describe, readSources } from './describe.js';
import { loaderText, typesText } from './loader.js';

/** Writes only what differs, so that whoever watches the file sees changes alone. @param {string} file @param {string} text */
function update(file, text) {
  let old;
  try {
    old = readFileSync(file, 'utf8');
  } catch { /* there is none */ }
  if (old !== text) writeFileSync(file, text);
}

/** @param {string} from  @param {string} to */
function updateBytes(from, to) {
  try {
    if (readFileSync(to).equals(readFileSync(from))) return;
  } catch { /* there is none */ }
  copyFileSync(from, to);
}

/**
 * Builds NAME.wasm, NAME.js and NAME.d.ts.
 *
 * @param {import('./options.js').Job} job  @param {import('./compile.js').Tools} tools
 * @param {string} output  path of the three without the suffix
 * @returns {Promise<number>} the compiler's exit code
 */
export async function buildModule(job, tools, output) {
  const [{ file, code }, sources] = await Promise.all([link(job, tools, 'module'), readSources(job, tools)]);
  if (code !== 0) return code;
  const name = `${path.basename(output)}.wasm`;
  const { callables } = inspectModule(readFileSync(file), name);
  const { notes, ...facts } = describe(sources, callables);
  for (const note of notes) console.error(`weft build: ${note}`);
  if (facts.functions.length === 0) {
    throw new Error('none of the sources defines a function that JavaScript can call: mark it with WEFT_EXPORT, and include <weft.h>');
  }
  const module = `new URL('./${name}', import.meta.url)`;
  mkdirSync(path.dirname(output), { recursive: true });
  updateBytes(file, `${output}.wasm`);
  update(`${output}.js`, loaderText({ module, ...facts }));
  update(`${output}.d.ts`, typesText({ module, ...facts }));
  return 0;
}
