import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspectModule } from '../../src/module.js';
import { link, say } from './compile.js';
import { describe, readSources } from './describe.js';
import { unpack } from './emscripten.js';
import { loaderText, typesText } from './loader.js';

/** Writes only what differs, so that whoever watches the file sees changes alone. @param {import('./options.js').Job} job  @param {string} file @param {string} text */
function update(job, file, text) {
  job.outputs.add(path.resolve(file));
  let old;
  try {
    old = readFileSync(file, 'utf8');
  } catch { /* there is none */ }
  if (old !== text) writeFileSync(file, text);
}

/** @param {import('./options.js').Job} job  @param {string} from  @param {string} to */
function updateBytes(job, from, to) {
  job.outputs.add(path.resolve(to));
  try {
    if (readFileSync(to).equals(readFileSync(from))) return;
  } catch { /* there is none */ }
  copyFileSync(from, to);
}

/** What Emscripten has made. @param {import('./options.js').Job} job  @param {string} folder  @param {ReturnType<typeof unpack>} files */
function writeFolder(job, folder, files) {
  mkdirSync(folder, { recursive: true });
  update(job, path.join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  for (const [name, bytes] of files) {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    job.outputs.add(path.resolve(file));
  }
}

/**
 * The files of the module, and the option of createRuntime that names it.
 *
 * @param {import('./options.js').Job} job  @param {string} file  that the linker made
 * @param {string} output
 */
function modulesOf(job, file, output) {
  const base = path.basename(output);
  if (job.target === 'wasi') return { wasm: readFileSync(file), option: `new URL('./${base}.wasm', import.meta.url)`, write: () => updateBytes(job, file, `${output}.wasm`) };
  const files = unpack(file);
  const folder = `${output}-emscripten`;
  return {
    wasm: /** @type {Buffer} */ (files.get('node.wasm')),
    // Node takes Emscripten's CommonJS, browsers its ES module.
    option: `new URL(globalThis.process?.versions?.node ? './${base}-emscripten/node.js' : './${base}-emscripten/browser.mjs', import.meta.url)`,
    write: () => writeFolder(job, folder, files),
  };
}

/**
 * Builds NAME.js and NAME.d.ts beside NAME.wasm, or NAME-emscripten/ with what Emscripten makes.
 *
 * @param {import('./options.js').Job} job  @param {import('./compile.js').Tools} tools
 * @param {string} output  path of them without the suffix
 * @param {string} [suffix]  js or mjs
 * @returns {Promise<number>} the compiler's exit code
 */
export async function buildModule(job, tools, output, suffix = 'js') {
  const [{ file, code }, sources] = await Promise.all([link(job, tools, 'module'), readSources(job, tools)]);
  if (code !== 0) return code;
  const { wasm, option: module, write } = modulesOf(job, file, output);
  const { callables } = inspectModule(wasm, `${path.basename(output)}.wasm`);
  const { notes, ...facts } = describe(sources, callables);
  for (const note of notes) say(job, `weft build: ${note}\n`);
  if (facts.functions.length === 0) {
    const main = job.sources.find((source) => /^\s*(?:int|void)\s+main\s*\(/m.test(readFileSync(source, 'utf8')));
    throw new Error('none of the sources defines a function that JavaScript can call: mark it with WEFT_EXPORT, and include <weft.h>' +
      (main === undefined ? '' : `. ${main} has a main(): a program, for weft run, is built with --program`));
  }
  mkdirSync(path.dirname(output), { recursive: true });
  write();
  update(job, `${output}.${suffix}`, loaderText({ module, ...facts }));
  update(job, `${output}.d.${suffix.replace('js', 'ts')}`, typesText({ module, ...facts }));
  return 0;
}

/** Builds a program: NAME.wasm for `weft run`, NAME.js for Node, or NAME. @type {typeof buildModule} */
export async function buildProgramFile(job, tools, output) {
  const { code, file } = await link(job, tools, 'program');
  if (code !== 0) return code;
  mkdirSync(path.dirname(output), { recursive: true });
  if (job.target === 'wasi') updateBytes(job, file, `${output}.wasm`);
  else if (job.target === 'native') installFile(job, file, output);
  else writeFolder(job, `${output}-emscripten`, unpack(file));
  return 0;
}

/** Builds libNAME.so, which any language can load. @type {typeof buildModule} */
export async function buildSharedLibrary(job, tools, output) {
  const { code, file } = await link(job, tools, 'module');
  if (code !== 0) return code;
  mkdirSync(path.dirname(output), { recursive: true });
  installFile(job, file, path.join(path.dirname(output), `lib${path.basename(output)}.so`));
  return 0;
}

/** In the place of one that may be running. @param {import('./options.js').Job} job  @param {string} from  @param {string} to */
function installFile(job, from, to) {
  job.outputs.add(path.resolve(to));
  const temporary = `${to}.${process.pid}`;
  copyFileSync(from, temporary);
  chmodSync(temporary, 0o755);
  renameSync(temporary, to);
}
