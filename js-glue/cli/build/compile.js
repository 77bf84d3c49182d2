import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { write } from '../../src/node-write-rare.js';
import { cached } from './cache.js';
import { explainNotes } from './undefined.js';

/** @typedef {'module' | 'program'} Kind */

/**
 * Compiling and linking for one target with everything that weft needs.
 * @typedef {object} Tools
 * @property {import('./clang.js').Compiler} compiler
 * @property {string[]} settings  files that all this is read from
 * @property {string[]} compile  options for every source
 * @property {string} [start]  a source of every program
 * @property {(kind: Kind, debug: boolean) => string[]} link  options in front of the objects
 * @property {(job: import('./options.js').Job) => Promise<Libraries | import('./cache.js').Result>} libraries
 *   a result: they cannot be built, and it has been said why
 * @property {string[]} [last]  options behind all others
 * @property {(file: string, packed: boolean) => Promise<string>} [finish]  changes what the linker
 *   has made, where that is to be done; packed: as Emscripten's. Returns what there is to say
 *
 * @typedef {{ whole?: string, kernels?: string }} Libraries  whole: all of it is linked
 */

/** Past Node's streams, as it is. @param {import('./options.js').Job} job  @param {string} text */
export function say(job, text) {
  if (text === '') return;
  job.said = true;
  write(2, new TextEncoder().encode(text));
}

const quote = (/** @type {string} */ word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`);

/** Where compilers look for headers, too. */
const FOLDERS = ['CPATH', 'C_INCLUDE_PATH'];

/** @param {import('./options.js').Job} job  @param {Tools} tools  @param {string[]} args */
function explain(job, { compiler }, args) {
  if (job.verbose) say(job, `${[compiler.name, ...args.map(quote)].join(' ')}\n`);
}

/** The files that a source includes. @param {string} file  written by -MD */
function readDependencies(file) {
  const text = readFileSync(file, 'utf8').replace(/\\\n/g, ' ');
  const list = text.slice(text.indexOf(': ') + 2).trim();
  return (list.match(/(?:\\.|[^\s\\])+/g) ?? []).map((name) => name.replace(/\\(.)/g, '$1').replaceAll('$$', '$'));
}

/** The files of which a compiler complains. @param {string} notes */
function filesNamed(notes) {
  return [...notes.matchAll(/^(?:In file included from )?(\S[^:\n]*):\d+[:,]/gm)].map(([, name]) => name).filter((name) => existsSync(name));
}

/** @param {import('./options.js').Job} job  @param {Tools} tools */
export function compileArguments(job, { compile: options }) {
  return [...options, '-O2', ...job.compile];
}

/**
 * Runs the compiler on a source and keeps what it makes, and what it says, as long as no file
 * that it has read changes.
 *
 * @param {import('./options.js').Job} job  @param {Tools} tools
 * @param {string} source  @param {string[]} args
 * @param {'-c' | '-fsyntax-only'} mode  an object, or what the compiler prints
 * @param {(output: string) => string} [digest]  of what it prints: this is kept
 */
export async function compile(job, tools, source, args, mode, digest) {
  const what = ['compile', tools.compiler.id, FOLDERS.map((name) => process.env[name]), job.anywhere ? '' : process.cwd(), source, args, mode, digest?.toString() ?? ''];
  const result = await cached(what, job.fresh, async (target) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-build-'));
    try {
      const dependencies = path.join(folder, 'd');
      const command = [...args, mode, source, '-MD', '-MF', dependencies, ...(mode === '-c' ? ['-o', target] : [])];
      explain(job, tools, command);
      const { code, notes, output } = await tools.compiler.compile(command);
      if (code === 0 && digest) writeFileSync(target, digest(output));
      return { code, notes, inputs: code === 0 ? readDependencies(dependencies) : filesNamed(notes) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, mode === '-c' ? `${path.basename(source)}.o` : 'out'); // linkers name it in their messages
  for (const input of result.inputs) job.inputs.add(path.resolve(input));
  return result;
}

/** Runs all, as many at once as there are CPUs. @template T, R @param {T[]} items @param {(item: T) => Promise<R>} run @returns {Promise<R[]>} */
async function atOnce(items, run) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await run(items[index]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

/** Those of the libraries of -l that are files of -L. @param {string[]} link */
function staticLibraries(link) {
  const folders = link.flatMap((word, at) => (word === '-L' ? [link[at + 1]] : word.startsWith('-L') ? [word.slice(2)] : []));
  const names = link.flatMap((word, at) => (word === '-l' ? [link[at + 1]] : word.startsWith('-l') ? [word.slice(2)] : []));
  return names.flatMap((name) => folders.map((folder) => path.join(folder, `lib${name}.a`)).filter((file) => existsSync(file)).slice(0, 1));
}

/**
 * Compiles sources, and says what the compiler says.
 *
 * @param {import('./options.js').Job} job  @param {Tools} tools
 * @param {{ source: string, args: string[] }[]} list
 */
export async function compileAll(job, tools, list) {
  const objects = await atOnce(list, (each) => compile(job, tools, each.source, each.args, '-c'));
  for (const notes of new Set(objects.map((each) => each.notes))) say(job, notes); // a broken compiler says the same of each
  return { files: objects.map(({ file }) => file), failed: objects.find(({ code }) => code !== 0) };
}

/**
 * Builds a module or a program.
 *
 * @param {import('./options.js').Job} job  @param {Tools} tools  @param {Kind} kind
 * @returns {Promise<import('./cache.js').Result>}  code: the compiler's; it has been said why
 */
export async function link(job, tools, kind) {
  const libraries = await tools.libraries(job);
  if ('code' in libraries) return libraries;
  const { whole, kernels } = libraries;
  const args = compileArguments(job, tools);
  const start = kind === 'program' && tools.start ? [{ source: tools.start, args: compileArguments({ ...job, compile: [] }, tools) }] : [];
  const { files, failed } = await compileAll(job, tools, [...job.sources.map((source) => ({ source, args })), ...start]);
  if (failed) return failed;
  const inputs = [...files, ...job.objects];
  const read = [...job.objects, ...[whole, kernels].flatMap((file) => file ?? []), ...staticLibraries(job.link)];
  for (const file of read) job.inputs.add(path.resolve(file));
  // A program of the wasi target has what it uses alone, as it says where its threads start.
  const archive = !whole ? [] : start.length > 0 ? [whole] : ['-Wl,--whole-archive', whole, '-Wl,--no-whole-archive'];
  const command = [...tools.link(kind, job.debug), ...inputs, ...archive,
    ...(kernels ? [kernels] : []), ...job.link, ...(tools.last ?? [])];
  const finish = job.unchecked || job.debug ? undefined : tools.finish; // it would leave line numbers wrong
  const what = ['link', tools.compiler.id, process.cwd(), command, finish && tools.settings];
  const linked = await cached(what, job.fresh, async (target) => {
    explain(job, tools, [...command, '-o', target]);
    const { code, notes } = await tools.compiler.link([...command, '-o', target], kind);
    if (code !== 0) return { code, notes: notes + explainNotes(notes) };
    return { code, notes: notes + (await finish?.(target, job.target === 'emscripten') ?? '') };
  }, 'out', [...files, ...read, ...tools.settings]);
  say(job, linked.notes);
  return linked;
}
