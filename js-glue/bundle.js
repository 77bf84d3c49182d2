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
import { LAZY, buildParts, buildStart } from './parts.js';

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

const entries = (...names) => names.map((name) => `src/${name}.js`);

/** What browsers import only where it is wanted. */
const WEB_LAZY = ['browser-isolation', 'extras', ...LAZY.filter((name) => name !== 'node-files')];

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
  await buildStart({ ...ESM, splitting: false });
  await buildStart(CJS);
  await buildParts(COMMON);
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
