import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The package @yowasp/clang: LLVM as WebAssembly, with a C library of its own. It sees no file
 * system but a tree of names that a call hands in: here the current folder is its root, and the
 * rest of the disk is below ROOT. It starts no other program, so the linker is called by itself.
 */
const NAME = '@yowasp/clang';
const ROOT = '@';
const TARGET = '--target=wasm32-wasip1';
const SYSTEM = '/usr/lib/wasm32-wasip1';
const BUILTINS = '/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a';
const SOURCE = /\.(?:c|h|inc|def|inl|h\.in|tab|tbl)$/;
const FOLDER_OPTION = /^-(?:I|isystem|iquote|idirafter)$/;
const FILE_OPTION = /^-(?:include|imacros)$/;
const FILES_MAX = 10_000;

/** @typedef {{ [name: string]: Tree | Uint8Array }} Tree */

/** @param {string} file  @returns {string} its name in the tree */
function inside(file) {
  const absolute = path.resolve(file);
  const relative = path.relative('', absolute);
  const parts = relative.startsWith('..') || path.isAbsolute(relative) ? `${ROOT}/${absolute}` : relative || '.';
  return parts.split(/[\\/]+/).join('/');
}

/** @param {string} name  in the tree  @returns {string | undefined} undefined: of the package itself */
function outside(name) {
  if (name.startsWith('/')) return undefined;
  return name.startsWith(`${ROOT}/`) ? name.slice(ROOT.length) : path.resolve(name);
}

/** @param {Tree} tree  @param {string} file */
function add(tree, file) {
  const parts = inside(file).split('/');
  const name = /** @type {string} */ (parts.pop());
  let folder = tree;
  for (const part of parts) folder = /** @type {Tree} */ (folder[part] ??= {});
  folder[name] ??= readFileSync(file);
}

/** What can be included from a folder. @param {Tree} tree  @param {string} folder */
function addFolder(tree, folder) {
  const waiting = [folder];
  for (let count = 0; waiting.length > 0; ) {
    const next = /** @type {string} */ (waiting.pop());
    let entries;
    try {
      entries = readdirSync(next, { withFileTypes: true });
    } catch {
      continue; // the compiler passes over a folder that is not there, too
    }
    for (const entry of entries) {
      const file = path.join(next, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') waiting.push(file);
      if (!entry.isFile() || !SOURCE.test(entry.name)) continue;
      if (++count > FILES_MAX) throw new Error(`${folder} holds more than ${FILES_MAX} sources: ${NAME} cannot take them`);
      add(tree, file);
    }
  }
}

/** A compiler's words with the names of the tree, which gets the files. @param {Tree} tree  @param {string[]} args */
function translate(tree, args) {
  /** @type {string[]} */
  const words = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    const [, option, joined] = /^(-I)(.+)$/.exec(word) ?? [];
    if (joined !== undefined) {
      addFolder(tree, joined);
      words.push(option + inside(joined));
    } else if (FOLDER_OPTION.test(word)) {
      addFolder(tree, args[++at]);
      words.push(word, inside(args[at]));
    } else if (FILE_OPTION.test(word)) {
      add(tree, args[++at]);
      words.push(word, inside(args[at]));
    } else if (/^[^-].*\.c$/.test(word)) {
      addFolder(tree, path.dirname(word));
      words.push(inside(word));
    } else words.push(word);
  }
  return words;
}

/** @param {string} text  in the format of make */
function dependenciesOutside(text) {
  const colon = text.indexOf(':');
  const names = text.slice(colon + 1).replace(/\\\n/g, ' ').match(/(?:\\.|[^\s\\])+/g) ?? [];
  const known = names.flatMap((name) => outside(name.replace(/\\(.)/g, '$1')) ?? []);
  return `o: ${known.map((name) => name.replace(/[ #\\]/g, '\\$&')).join(' ')}\n`;
}

/** Takes an option and its value out. @param {string[]} args  @param {string} option  @returns {string | undefined} */
function take(args, option) {
  const at = args.indexOf(option);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

/**
 * @param {import('../sdk.js').Sdk} sdk
 * @returns {Promise<import('./clang.js').Compiler | undefined>} undefined: not installed
 */
export async function openYowasp(sdk) {
  let file = '';
  try {
    file = createRequire(path.resolve('weft.js')).resolve(NAME);
  } catch {
    return undefined;
  }
  const manifest = path.join(path.dirname(file), '../package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const lines = () => {
    /** @type {Uint8Array[]} */
    const parts = [];
    return { write: (/** @type {Uint8Array | null} */ bytes) => void (bytes && parts.push(bytes.slice())), text: () => Buffer.concat(parts).toString() };
  };

  /** One after the other: they share this thread, and the first one loads 105 MB. */
  let last = /** @type {Promise<unknown>} */ (Promise.resolve());
  /** @param {string[]} args  @param {Tree} tree */
  function llvm(args, tree) {
    const run = last.then(() => runOne(args, tree));
    last = run.catch(() => {});
    return run;
  }

  /** @param {string[]} args  @param {Tree} tree */
  async function runOne(args, tree) {
    const [output, notes] = [lines(), lines()];
    const { runLLVM } = await import(pathToFileURL(file).href);
    const streams = { stdout: output.write, stderr: notes.write, fetchProgress: () => {} };
    try {
      return { code: 0, files: /** @type {Tree} */ (await runLLVM(args, tree, streams)), output: output.text(), notes: notes.text() };
    } catch (error) {
      const { code } = /** @type {{ code?: number }} */ (error);
      if (typeof code !== 'number') throw error;
      return { code, files: /** @type {Tree} */ ({}), output: output.text(), notes: notes.text() };
    }
  }

  return {
    id: `${NAME} ${version}`,
    name: `${NAME} ${TARGET}`,
    files: [manifest],
    async compile(given) {
      const args = [...given];
      const [target, dependencies] = [take(args, '-o'), take(args, '-MF')];
      /** @type {Tree} */
      const tree = {};
      const words = translate(tree, args);
      const { code, files, output, notes } = await llvm(
        ['clang', TARGET, ...words, ...(target ? ['-o', 'weft-out'] : []), ...(dependencies ? ['-MF', 'weft-deps'] : [])], tree);
      if (code === 0 && target) writeFileSync(target, /** @type {Uint8Array} */ (files['weft-out']));
      if (code === 0 && dependencies) {
        writeFileSync(dependencies, dependenciesOutside(Buffer.from(/** @type {any} */ (files['weft-deps'])).toString()));
      }
      return { code, output, notes };
    },
    async link(given, kind) {
      const args = given.flatMap((word) => (word.startsWith('-Wl,') ? word.slice(4).split(',') : sdk.flags.wasi[kind].includes(word) ? [] : [word]));
      const target = /** @type {string} */ (take(args, '-o'));
      /** @type {Tree} */
      const tree = {};
      const words = args.map((word) => {
        if (!/^[^-].*\.(?:out|o|a)$/.test(word)) return word;
        add(tree, word);
        return inside(word);
      });
      const start = kind === 'module' ? [`${SYSTEM}/crt1-reactor.o`] : [];
      const { code, files, notes } = await llvm(['wasm-ld', '-m', 'wasm32', `-L${SYSTEM}`, ...start, ...words, '-lc', BUILTINS, '-o', 'weft-out'], tree);
      if (code === 0) writeFileSync(target, /** @type {Uint8Array} */ (files['weft-out']));
      return { code, notes };
    },
  };
}
