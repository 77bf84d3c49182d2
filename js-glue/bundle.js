// Writes dist/, what the npm package runs, and types/, what TypeScript reads:
//
//     node js-glue/bundle.js [--no-types]
//
// Node takes some 10 ms longer to import the modules of src/ one by one than to import one file.
// Every file lies in dist/ itself, as far from wasm/ as those of src/: what a module finds by
// import.meta.url is the same for both.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import * as layout from './src/layout.js';
import { STATUS } from './src/status.js';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const DIST = path.join(ROOT, 'dist');
const TYPES = path.join(ROOT, 'types');

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  outdir: DIST,
  sourcemap: 'linked',
  logLevel: 'warning',
  lineLimit: 320, // Node prints the line of an error that nobody catches
};

const ESM = { ...COMMON, format: 'esm', splitting: true };

/** Some look for URLs by their text, which an end of the line would cut. */
const FOR_BUNDLERS = { lineLimit: undefined };

/** The oldest browsers with what weft needs: module workers, WebAssembly threads and SIMD. */
const WEB = { ...ESM, ...FOR_BUNDLERS, platform: 'browser', target: ['chrome91', 'edge91', 'firefox114', 'safari16.4'] };

/** CommonJS has no import.meta. */
const CJS = {
  ...COMMON,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '__url' },
  banner: { js: 'const __url=require("node:url").pathToFileURL(__filename).href;' },
};

/** @type {Record<string, any>} */
const NUMBERS = { ...layout, STATUS };

const entries = (...names) => names.map((name) => `src/${name}.js`);

/**
 * The files that Node loads one after the other, each with what those before do not have: what
 * `import` takes, what calls of C functions need, what else every runtime offers at once; and a
 * file for each thing that only some programs use.
 *
 * All but the first are CommonJS: that is there at once, where an ES module would come by way of
 * the event loop, behind the workers that are starting. Each is a function of the parts so far.
 */
const PARTS = { start: 'index', core: 'node-host', extras: 'extras' };
const LAZY = ['engine-emscripten', 'hash', 'node-files', 'resize', 'solo', 'tasks'];

/** What the main thread takes from the workers' file. */
const WORKER = ['imports', 'node-io'];

/** What browsers import only where it is wanted. */
const WEB_LAZY = ['browser-isolation', 'extras', ...LAZY.filter((name) => name !== 'node-files')];

/** A module's text, with the numbers of layout.js and status.js in the place of their names. */
const readModule = (name) => readFileSync(path.join(ROOT, 'src', `${name}.js`), 'utf8')
  .replace(/\b(\w+)\.([A-Z]\w+)\b/g, (text, object, member) => NUMBERS[object]?.[member] ?? text)
  .replace(/= Object\.freeze\(/g, '= /* @__PURE__ */ Object.freeze(');

/** What few programs come to, by name: it is with the extras, and so loaded when it is first called. */
const isRare = (name) => name.endsWith('-rare') || name === 'show' || name === 'status';

const IMPORT = /^(?:import|export) \{\s*([^}]*?),?\s*\} from '\.\/([\w-]+)\.js';$/gm;

/** What a module imports at once: of which modules, and what of it does not name only a number. */
function imports(name) {
  const text = readModule(name).replace(/\/\*.*?\*\//gs, '');
  const used = (each) => text.match(new RegExp(`\\b${each}\\b`, 'g')).length > 1;
  return [...text.matchAll(IMPORT)].map(([line, names, other]) => (
    /** @type {const} */ ([other, names.split(/,\s*/).filter((each) => line.startsWith('export') || used(each))])));
}

/** Modules that a module imports at once, and theirs. */
function closure(name, rare, seen = new Set()) {
  if (seen.has(name) || (isRare(name) && !rare)) return seen;
  seen.add(name);
  for (const [other] of imports(name)) closure(other, rare, seen);
  return seen;
}

/** The part that each module is in. */
function placeModules() {
  const places = new Map(WORKER.flatMap((name) => [...closure(name, true)]).map((name) => [name, 'worker']));
  const add = (part, name, rare) => {
    for (const each of closure(name, rare)) if (!places.has(each)) places.set(each, part);
  };
  for (const [part, entry] of Object.entries(PARTS)) add(part, entry, false);
  for (const name of readdirSync(path.join(ROOT, 'src')).map((file) => path.basename(file, '.js')).filter(isRare)) add('extras', name, true);
  for (const name of LAZY) add(name, name, true);
  return places;
}

/** The names that a module exports. */
const exportsOf = (name) => [...readModule(name).matchAll(/^export (?:(?:async )?(?:function|class|const) (\w+)|\{ ([^}]*) \})/gm)]
  .flatMap(([, one, some]) => one ?? some.split(', '));

/** What a part has to export of its modules: what those of others import. */
function wantedNames(places, own) {
  const wanted = new Map();
  const want = (name, names) => {
    if (places.get(name) === own) wanted.set(name, new Set([...(wanted.get(name) ?? []), ...names]));
  };
  for (const [name, part] of places) {
    if (part === own) continue;
    for (const [other, names] of imports(name)) want(other, names);
  }
  for (const name of own === 'start' ? [] : [...Object.values(PARTS), ...LAZY]) {
    const there = [...wanted.values()].flatMap((names) => [...names]);
    want(name, exportsOf(name).filter((each) => !there.includes(each)));
  }
  return wanted;
}

/** What stands in a part for a module of another one. */
function stub(places, own, name) {
  const names = [...new Set([...places.keys()].filter((each) => places.get(each) === own)
    .flatMap((each) => imports(each).filter(([other]) => other === name).flatMap(([, some]) => some)))];
  if (isRare(name)) return names.map((each) => `export const ${each} = (...args) => parts.load('extras').${each}(...args);`).join('\n');
  return `export const { ${names.join(', ')} } = ${accessTo(places.get(name))};`;
}

/** Makes the parts from each other. */
const makeParts = (places) => {
  const wanted = [...wantedNames(places, 'start')].map(([name, names]) => [name, [...names].join(', ')]);
  return `
    import { createRequire } from 'node:module';
    ${wanted.map(([name, names]) => `import { ${names} } from './${name}.js';`).join('\n')}
    const require = createRequire(import.meta.url);
    const made = {};
    export const parts = {
      url: import.meta.url,
      get worker() { return require('./worker.cjs'); },
      get start() { return { ${wanted.map(([, names]) => names).join(', ')} }; },
      load: (name) => made[name] ??= require('./' + name + '.cjs')(parts),
    };`;
};

/** Where the parts find one of them. @param {string} name */
const accessTo = (name) => (['worker', 'start'].includes(name) ? `parts.${name}` : `parts.load('${name}')`);

/** The extras: loaded when one of their names is used. */
const LATER = () => `({ ${exportsOf('extras').map((each) => `get ${each}() { return parts.load('extras').${each}; }`).join(', ')} })`;

/** Replaces the modules that are in other parts. */
const elsewhere = (places, own) => ({
  name: 'elsewhere',
  setup({ onResolve, onLoad }) {
    const resolveDir = path.join(ROOT, 'src');
    const access = own === 'start' ? "import { parts } from 'parts';" : '';
    onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ path: file }) => {
      const name = path.basename(file, '.js');
      if (!places.has(name)) throw new Error(`${file} is in no part of the package`);
      return places.get(name) === own ? undefined : { path: name, namespace: 'part', sideEffects: false };
    });
    onResolve({ filter: /^parts$/ }, () => ({ path: 'parts', namespace: 'part' }));
    onLoad({ filter: /^parts$/, namespace: 'part' }, () => ({ contents: makeParts(places), resolveDir }));
    onLoad({ filter: /^/, namespace: 'part' }, ({ path: name }) => ({ contents: access + stub(places, own, name), resolveDir }));
    onLoad({ filter: /\/src\/[\w-]+\.js$/ }, ({ path: file }) => {
      const text = readModule(path.basename(file, '.js'));
      const own = text.replace(/(?<=await )import\('\.\/([\w-]+)\.js'\)/g, (_, name) => (name === 'extras' ? LATER() : accessTo(places.get(name))));
      return { contents: own === text ? text : access + own };
    });
  },
});

/** A part but the first: a function of the parts that returns what others want of its modules. */
async function buildPart(places, own) {
  const wanted = [...wantedNames(places, own)].filter(([, { size }]) => size > 0);
  const outfile = path.join(DIST, `${own}.cjs`);
  await build({
    ...ESM,
    splitting: false,
    outdir: undefined,
    outfile,
    stdin: { contents: wanted.map(([name, names]) => `export { ${[...names].join(', ')} } from './${name}.js';`).join('\n'), resolveDir: path.join(ROOT, 'src'), sourcefile: `part-${own}.js` },
    plugins: [elsewhere(places, own)],
    define: { 'import.meta.url': 'parts.url' },
    // In parentheses, or V8 would read it all twice.
    banner: { js: 'module.exports=(function(parts){' },
    footer: { js: '});' },
  });
  writeFileSync(outfile, readFileSync(outfile, 'utf8')
    .replace(/\bimport\s*\{([^}]*)\}\s*from\s*("node:[\w/]+");/g, (_, names, from) => `const{${names.replace(/\s+as\s+/g, ':')}}=require(${from});`)
    .replace(/export\s*\{([^}]*)\};(?=\s*\}\);)/, (_, names) => `return{${names.split(',').map((each) => each.trim().split(/\s+as\s+/).reverse().join(':')).join(',')}};`));
}

/** The command line takes from the package what it imports of its entries. */
const installed = {
  name: 'installed',
  setup({ onResolve }) {
    onResolve({ filter: /\/src\/index\.js$/ }, () => ({ path: './index.js', external: true }));
    onResolve({ filter: /\/src\/cluster\/index\.js$/ }, () => ({ path: './cluster.js', external: true }));
  },
};

/**
 * weft/cluster takes createRuntime and WeftError from the package, so that its errors are the same
 * class. In CommonJS the package is another file.
 */
const beside = (index) => ({
  name: 'beside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: index, external: true }));
    onResolve({ filter: /\/errors\.js$/ }, ({ path: file, namespace, resolveDir }) =>
      (namespace === 'beside' ? { path: path.join(resolveDir, file) } : { path: 'errors', namespace: 'beside' }));
    onLoad({ filter: /^/, namespace: 'beside' }, () => ({
      contents: "export * from './errors.js'; export { WeftError } from '../index.js';",
      resolveDir: path.join(ROOT, 'src'),
    }));
  },
});

/** Leaves modules in files of their own. @param {Record<string, string>} files */
const apart = (files) => ({
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path: file }) => (Object.hasOwn(files, file) ? { path: files[file], external: true } : undefined));
  },
});

/** Keeps what is not lazy in one file: esbuild puts together what the same files import. */
const together = (lazy, entry) => ({
  name: 'together',
  setup({ onLoad }) {
    onLoad({ filter: new RegExp(`/src/(${lazy.join('|')})\\.js$`) }, ({ path: file }) => ({
      contents: `${readFileSync(file, 'utf8')}\nexport { createRuntime as all } from './${entry}.js';\n`,
    }));
  },
});

/** What is loaded by the URL of its file, and so keeps its name: tasks in workers. */
const BY_URL = ['task-worker-node', 'task-worker'];

async function bundle() {
  rmSync(DIST, { recursive: true, force: true });
  const places = placeModules();
  const start = { entryPoints: entries('index'), plugins: [elsewhere(places, 'start')] };
  await build({ ...ESM, splitting: false, ...start });
  await build({ ...CJS, ...start });
  for (const part of new Set(places.values())) if (part !== 'start' && part !== 'worker') await buildPart(places, part);
  await build({ ...CJS, bundle: false, define: {}, banner: {}, entryPoints: ['src/worker.cjs', 'src/wasi.cjs'] });
  // Bundlers do not see through that: they get one ES module.
  await build({ ...ESM, ...FOR_BUNDLERS, splitting: false, entryPoints: { module: 'src/index.js' } });
  // Copies of what the entries share, rather than more files: Node is slow to import each.
  for (const name of ['task', ...BY_URL]) await build({ ...ESM, splitting: false, entryPoints: entries(name) });
  await build({ ...CJS, entryPoints: entries('task') });
  const cluster = { entryPoints: { cluster: 'src/cluster/index.js' }, external: ['bullmq'] };
  await build({ ...ESM, splitting: false, ...cluster, plugins: [beside('./index.js')] });
  await build({ ...CJS, ...cluster, plugins: [beside('./index.cjs')] });
  // What `weft run` starts a small program with is CommonJS, and has the rest beside it.
  await build({ ...CJS, entryPoints: { weft: 'bin/weft.js' }, plugins: [apart({ '../cli/main.js': './cli.js' })] });
  await build({
    ...CJS, entryPoints: { 'run-worker': 'cli/run-worker.js' }, plugins: [apart({ './run-worker-full.js': './run-worker-full.cjs' })],
    supported: { 'dynamic-import': false }, // require() needs no loader of ES modules, in every worker
  });
  await build({ ...CJS, entryPoints: { 'run-worker-full': 'cli/run-worker-full.js' } });
  await build({ ...ESM, splitting: false, entryPoints: { program: 'src/program/node.js', 'program-worker': 'src/program/program-worker.js' } });
  await build({ ...ESM, entryPoints: { cli: 'cli/main.js' }, chunkNames: 'cli-[name]-[hash]', plugins: [installed] });
  await build({ ...WEB, entryPoints: entries('browser'), chunkNames: 'browser-[name]-[hash]', plugins: [together(WEB_LAZY, 'browser')] });
  await build({ ...WEB, splitting: false, entryPoints: entries('worker-browser') });
  await build({ ...WEB, entryPoints: { 'program-browser': 'src/program/browser.js' }, chunkNames: 'program-[name]-[hash]' });
  await build({ ...WEB, splitting: false, entryPoints: { 'program-worker-browser': 'src/program/program-worker-browser.js' } });
  await build({ ...WEB, splitting: false, format: 'iife', entryPoints: entries('isolation') });
  for (const name of readdirSync(DIST).filter((file) => /^(?!cli|index).*\.js$/.test(file))) keepFromBundlers(name);
}

/** What is imported by a URL is not for bundlers; esbuild drops the comments that say so. @param {string} name */
function keepFromBundlers(name) {
  const file = path.join(DIST, name);
  const text = readFileSync(file, 'utf8');
  const marked = text.replace(/\bimport\((?=\s*[\w$]+\))/g, 'import(/*webpackIgnore:true*//*@vite-ignore*/');
  if (marked !== text) writeFileSync(file, marked);
}

/** Declarations for ES modules and, as TypeScript takes those for something else, for CommonJS. */
function writeTypes() {
  rmSync(TYPES, { recursive: true, force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', ROOT], { stdio: 'inherit' });
  const cjs = path.join(TYPES, 'cjs');
  const files = readdirSync(TYPES, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
  for (const name of files) cpSync(path.join(TYPES, name), path.join(cjs, name));
  writeFileSync(path.join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
}

/**
 * The bytes of each file of dist/ that Node loads, and those that brotli leaves of them.
 *
 * @returns {{ name: string, bytes: number, brotli: number }[]}
 */
export function sizes() {
  return readdirSync(DIST).filter((name) => /\.c?js$/.test(name)).sort().map((name) => {
    const bytes = readFileSync(path.join(DIST, name));
    return { name, bytes: bytes.length, brotli: brotliCompressSync(bytes).length };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of ['LICENSE', 'README.md']) cpSync(path.join(ROOT, '..', name), path.join(ROOT, name));
  await bundle();
  if (!process.argv.includes('--no-types')) writeTypes();
  for (const { name, bytes, brotli } of sizes()) {
    console.log(`dist/${name.padEnd(28)}${String(bytes).padStart(8)} bytes${String(brotli).padStart(8)} with brotli`);
  }
}
