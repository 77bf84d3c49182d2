// Cuts what Node loads of src/ into files that come one after the other, each with what those before
// do not have:
//
//     index.js, index.cjs     what `import` takes
//     core.cjs                what calls of C functions need, too; and worker.cjs, that workers run
//     extras.cjs              what else every runtime offers at once, and what few programs come to
//     hash.cjs and the like   a file for each thing that only some programs use
//
// All but the first are CommonJS: that is there at once, where an ES module would come by way of
// the event loop, behind the workers that are starting; and in the middle of a call. Each is a
// function of `parts`, through which every file finds what it wants of the others.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import * as layout from './src/layout.js';
import { STATUS } from './src/status.js';

const SRC = fileURLToPath(new URL('src', import.meta.url));

/** The modules that each file begins with; it has what they import, too. @type {Record<string, string[]>} */
const FILES = {
  worker: ['imports', 'node-io'],
  start: ['index'],
  core: ['node-host'],
  extras: ['extras', ...readdirSync(SRC).map((file) => path.basename(file, '.js')).filter(isRare)],
};

/** Those that some programs use. */
export const LAZY = ['engine-emscripten', 'hash', 'node-files', 'resize', 'tasks', 'solo'];

/** What few programs come to, by name: it is with the extras, and so loaded when it is first called. @param {string} name */
function isRare(name) {
  return name.endsWith('-rare') || name === 'show' || name === 'status';
}

/** @type {Record<string, any>} */
const NUMBERS = { ...layout, STATUS };

/** A module's text, with the numbers of layout.js and status.js in the place of their names. @param {string} name */
const textOf = (name) => readFileSync(path.join(SRC, `${name}.js`), 'utf8')
  .replace(/\b(\w+)\.([A-Z]\w+)\b/g, (text, object, member) => NUMBERS[object]?.[member] ?? text)
  .replace(/= Object\.freeze\(/g, '= /* @__PURE__ */ Object.freeze(');

const IMPORT = /^(?:import|export) \{\s*([^}]*?),?\s*\} from '\.\/([\w-]+)\.js';$/gm;

/** The modules that a module imports at once, and what of them. @param {string} name */
function importsOf(name) {
  const text = textOf(name).replace(/\/\*.*?\*\//gs, '');
  // The names of numbers are not used any more.
  const used = (/** @type {string} */ each) => (text.match(new RegExp(`\\b${each}\\b`, 'g')) ?? []).length > 1;
  return [...text.matchAll(IMPORT)].map(([line, names, from]) => (
    { from, names: names.split(/,\s*/).filter((each) => line.startsWith('export') || used(each)) }));
}

/** The names that a module exports. @param {string} name */
const exportsOf = (name) => [...textOf(name).matchAll(/^export (?:(?:async )?(?:function|class|const) (\w+)|\{ ([^}]*) \})/gm)]
  .flatMap(([, one, some]) => one ?? some.split(', '));

/** The file that each module is in. */
function placeModules() {
  /** @type {Map<string, string>} */
  const places = new Map();
  /** @param {string} file  @param {string} name */
  const place = (file, name) => {
    if (places.has(name) || name === 'layout' || (isRare(name) && (file === 'start' || file === 'core'))) return;
    places.set(name, file);
    for (const { from } of importsOf(name)) place(file, from);
  };
  for (const [file, names] of Object.entries(FILES)) for (const name of names) place(file, name);
  for (const name of LAZY) place(name, name);
  return places;
}

const places = placeModules();
const imports = new Map([...places.keys()].map((name) => [name, importsOf(name)]));

/** All but those that are not functions of `parts`. */
const files = [...new Set(places.values())].filter((file) => file !== 'start' && file !== 'worker');

/** @param {string} file */
const modulesOf = (file) => [...places.keys()].filter((name) => places.get(name) === file);

/** Names and their modules. @param {(readonly [name: string, from: string])[]} list */
function mapOf(list) {
  const map = new Map(list);
  for (const [name, from] of list) {
    if (map.get(name) !== from) throw new Error(`${name} is exported by src/${from}.js and src/${map.get(name)}.js: give one another name`);
  }
  return map;
}

/** The names that a file takes from others. @param {string} file */
const takenBy = (file) => mapOf(modulesOf(file).flatMap((name) => imports.get(name) ?? [])
  .filter(({ from }) => !stays(from, file))
  .flatMap(({ from, names }) => names.map((name) => /** @type {const} */ ([name, from]))));

/** Whether a module is in a file; numbers are in each. @param {string} name  @param {string} file */
const stays = (name, file) => name === 'layout' || places.get(name) === file;

/** The names that others take from a file. @param {string} file */
const takenFrom = (file) => mapOf([...new Set(places.values())].flatMap((other) => [...takenBy(other)])
  .filter(([, from]) => places.get(from) === file));

/** Those that they import(), which are of the module that it begins with. @param {string} file */
function importedFrom(file) {
  const [entry] = FILES[file] ?? [file];
  return mapOf(exportsOf(entry).map((name) => [name, entry]));
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What one of the former is called between the files, where it is nobody else's. @param {string} name  @param {string} file */
function short(name, file) {
  if (file === 'worker') return name; // it is not made here
  const index = [...takenFrom(file).keys()].sort().indexOf(name);
  return `${LETTERS[index % 52]}${LETTERS[Math.floor(index / 52) - 1] ?? ''}`;
}

/** @param {Map<string, string>} names  @param {(name: string) => string} [rename] */
const importAll = (names, rename = (name) => name) => [...names].map(([name, from]) => `import { ${name} as ${rename(name)} } from './${from}.js';\n`).join('');

/** `parts` itself, which index.js makes. */
function makeParts() {
  const others = files.filter((file) => files.some((other) => [...takenBy(other).values()].some((from) => places.get(from) === file)));
  const taken = takenFrom('start');
  const own = (/** @type {string} */ name) => short(name, 'start');
  return `${importAll(taken, own)}
    import { load } from './node.js';
    const made = {};
    export const parts = {
      url: import.meta.url,
      load(name) {
        if (!made[name]) load('./' + name + '.cjs')(parts, made);
        return made[name];
      },
      get worker() { return load('./worker.cjs'); },
      get start() { return { ${[...taken.keys()].map(own).join(', ')} }; },
      ${others.map((file) => `get ${file}() { return parts.load('${file}'); }`).join(',\n')}
    };`;
}

/** A module as it is in its file. @param {string} name  @param {string} file */
const contentsOf = (name, file) => textOf(name)
  .replace(IMPORT, (line, names, from) => (stays(from, file) ? line : ''))
  .replace("{ extras: await import('./extras.js') }", 'parts') // with the first use
  .replace(/(?<=await )import\('\.\/([\w-]+)\.js'\)/g, (text, other) => `parts.load('${places.get(other)}')`);

/** What stands for a name whose import is dropped, and that is free so. @param {[name: string, from: string]} taken */
function access([name, from]) {
  if (name in globalThis) throw new Error(`${name} of src/${from}.js is a global, too: give it another name`);
  const file = String(places.get(from));
  return [name, `parts.${file}.${short(name, file)}`];
}

/** What esbuild is told to make a file. @param {string} file @returns {import('esbuild').BuildOptions} */
const cut = (file) => ({
  define: Object.fromEntries([...takenBy(file)].map(access)),
  plugins: [{
    name: 'cut',
    setup({ onResolve, onLoad }) {
      onLoad({ filter: /\/src\/[\w-]+\.js$/ }, ({ path: source }) => ({ contents: contentsOf(path.basename(source, '.js'), file) }));
      onResolve({ filter: /^parts$/ }, () => ({ path: 'parts', namespace: 'parts' }));
      onLoad({ filter: /^parts$/, namespace: 'parts' }, () => ({ contents: makeParts(), resolveDir: SRC }));
    },
  }],
});

/** index.js. @param {import('esbuild').BuildOptions} options  and where to write it */
export function buildStart(options) {
  const { define, plugins } = cut('start');
  return build({ ...options, entryPoints: { index: path.join(SRC, 'index.js') }, plugins, inject: ['parts'], define: { ...options.define, ...define } });
}

/** All the others but worker.cjs. @param {import('esbuild').BuildOptions} options  and where to write them */
export async function buildParts(options) {
  for (const file of files) {
    const { define, plugins } = cut(file);
    const [taken, imported] = [takenFrom(file), importedFrom(file)];
    const own = (/** @type {string} */ name) => short(name, file);
    await build({
      ...options,
      format: 'cjs',
      stdin: {
        contents: `${importAll(taken, own)}${importAll(imported)}made['${file}'] = { ${[...[...taken.keys()].map(own), ...imported.keys()].join(', ')} };`,
        resolveDir: SRC,
        sourcefile: `part-${file}.js`,
      },
      outdir: undefined,
      outfile: path.join(String(options.outdir), `${file}.cjs`),
      plugins,
      define: { 'import.meta.url': 'parts.url', ...define },
      // In parentheses, or V8 would read it all twice.
      banner: { js: 'module.exports=(function(parts,made){' },
      footer: { js: '});' },
    });
  }
}
