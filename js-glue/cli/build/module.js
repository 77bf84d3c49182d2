import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspectModule } from '../../src/module.js';
import { compile, compileArguments, link } from './compile.js';
import { AST, LAYOUT, digestAst, digestLayouts } from './interface.js';
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
 * What the sources say about the functions that the module exports.
 *
 * @param {import('./options.js').Job} job  @param {import('./compile.js').Tools} tools
 * @param {Uint8Array} bytes  of the module  @param {string} file  its name
 * @returns {Promise<import('./loader.js').Interface>}
 */
async function describe(job, tools, bytes, file) {
  const args = [...compileArguments(job, tools), '-w']; // all warnings have been given
  const read = async (/** @type {string} */ source, /** @type {string[]} */ dump, /** @type {(output: string) => string} */ digest) => {
    const { file: result, code, notes } = await compile(job, tools, source, [...args, ...dump], '-fsyntax-only', digest);
    if (code !== 0) throw new Error(`the compiler cannot describe ${source}\n${notes}`);
    return JSON.parse(readFileSync(result, 'utf8'));
  };
  const { callables } = inspectModule(bytes, file);
  /** @type {import('./loader.js').Interface} */
  const facts = { file, functions: [], structs: {}, typedefs: {} };
  const parts = await Promise.all(job.sources.map(async (source) =>
    [await read(source, AST, digestAst), await read(source, LAYOUT, digestLayouts)]));
  for (const [{ functions, typedefs, unnamed }, structs] of parts) {
    Object.assign(facts.typedefs, typedefs);
    Object.assign(facts.structs, structs);
    for (const name of Object.keys(unnamed)) facts.structs[name] ??= structs[unnamed[name]];
    for (const definition of functions) {
      const entry = callables.get(definition.name);
      // An argument that is a struct, or too large for one, is not what C says it is.
      if (!entry || entry.params.length !== definition.params.length) continue;
      facts.functions.push({ ...definition, letters: entry.params, resultLetter: entry.result });
    }
  }
  return facts;
}

/**
 * Builds NAME.wasm, NAME.js and NAME.d.ts.
 *
 * @param {import('./options.js').Job} job  @param {import('./compile.js').Tools} tools
 * @param {string} output  path of the three without the suffix
 * @returns {Promise<number>} the compiler's exit code
 */
export async function buildModule(job, tools, output) {
  const { file, code } = await link(job, tools, 'module');
  if (code !== 0) return code;
  const facts = await describe(job, tools, readFileSync(file), `${path.basename(output)}.wasm`);
  if (facts.functions.length === 0) {
    throw new Error('none of the sources defines a function that JavaScript can call: mark it with WEFT_EXPORT, and include <weft.h>');
  }
  mkdirSync(path.dirname(output), { recursive: true });
  updateBytes(file, `${output}.wasm`);
  update(`${output}.js`, loaderText(facts));
  update(`${output}.d.ts`, typesText(facts));
  return 0;
}
