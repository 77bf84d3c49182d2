import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { write } from '../../src/node-io.js';
import { cached } from './cache.js';

/**
 * Compiling and linking with everything that weft needs.
 * @typedef {object} Tools
 * @property {import('./clang.js').Compiler} compiler
 * @property {import('../sdk.js').Sdk} sdk
 */

/** @param {string} text  past Node's streams, as it is */
const say = (text) => {
  if (text !== '') write(2, new TextEncoder().encode(text));
};

const quote = (/** @type {string} */ word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`);

/** @param {import('./options.js').Job} job  @param {Tools} tools  @param {string[]} args */
function explain({ verbose }, { compiler }, args) {
  if (verbose) say(`${[compiler.name, ...args.map(quote)].join(' ')}\n`);
}

/** The files that a source includes. @param {string} file  written by -MD */
function readDependencies(file) {
  const text = readFileSync(file, 'utf8').replace(/\\\n/g, ' ');
  const list = text.slice(text.indexOf(': ') + 2).trim();
  return (list.match(/(?:\\.|[^\s\\])+/g) ?? []).map((name) => name.replace(/\\(.)/g, '$1').replaceAll('$$', '$'));
}

/** @param {import('./options.js').Job} job  @param {Tools} tools */
export function compileArguments(job, { sdk }) {
  return [...sdk.flags.features, ...sdk.flags.compile, '-isystem', sdk.threadInclude, '-isystem', sdk.include, '-O2', ...job.compile];
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
  const what = ['compile', tools.compiler.id, process.cwd(), source, args, mode, digest?.toString() ?? ''];
  return cached(what, job.fresh, async (target) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-build-'));
    try {
      const dependencies = path.join(folder, 'd');
      const command = [...args, mode, source, '-MD', '-MF', dependencies, ...(mode === '-c' ? ['-o', target] : [])];
      explain(job, tools, command);
      const { code, notes, output } = await tools.compiler.compile(command);
      if (code === 0 && digest) writeFileSync(target, digest(output));
      return { code, notes, inputs: code === 0 ? readDependencies(dependencies) : [] };
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
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
function libraries(link) {
  const folders = link.flatMap((word, at) => (word === '-L' ? [link[at + 1]] : word.startsWith('-L') ? [word.slice(2)] : []));
  const names = link.flatMap((word, at) => (word === '-l' ? [link[at + 1]] : word.startsWith('-l') ? [word.slice(2)] : []));
  return names.flatMap((name) => folders.map((folder) => path.join(folder, `lib${name}.a`)).filter((file) => existsSync(file)).slice(0, 1));
}

/**
 * Builds a module or a program for WebAssembly.
 *
 * @param {import('./options.js').Job} job  @param {Tools} tools  @param {'module' | 'program'} kind
 * @returns {Promise<import('./cache.js').Result>}  code: the compiler's; it has been said why
 */
export async function link(job, tools, kind) {
  const { sdk } = tools;
  const args = compileArguments(job, tools);
  const start = kind === 'program' ? [{ source: sdk.start, args: compileArguments({ ...job, compile: [] }, tools) }] : [];
  const objects = await atOnce([...job.sources.map((source) => ({ source, args })), ...start],
    (each) => compile(job, tools, each.source, each.args, '-c'));
  for (const { notes } of objects) say(notes);
  const failed = objects.find(({ code }) => code !== 0);
  if (failed) return failed;
  const inputs = [...objects.map(({ file }) => file), ...job.objects];
  const command = [...sdk.flags.link, ...(job.debug ? [] : sdk.flags.strip), ...sdk.flags[kind], ...inputs,
    '-Wl,--whole-archive', sdk.library, '-Wl,--no-whole-archive', sdk.kernels, ...job.link];
  const what = ['link', tools.compiler.id, process.cwd(), command];
  const linked = await cached(what, job.fresh, async (target) => {
    explain(job, tools, [...command, '-o', target]);
    const { code, notes } = await tools.compiler.link([...command, '-o', target], kind);
    return { code, notes, inputs: [...inputs, sdk.library, sdk.kernels, ...libraries(job.link)] };
  });
  say(linked.notes);
  return linked;
}
