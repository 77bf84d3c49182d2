// Writes dist/, what the npm package runs, and types/, what TypeScript reads:
//
//     node js-glue/bundle.js
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
};

const ESM = { ...COMMON, format: 'esm', splitting: true };

/** CommonJS has no import.meta. */
const CJS = {
  ...COMMON,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '__url' },
  banner: { js: 'const __url=require("node:url").pathToFileURL(__filename).href;' },
};

const entries = (...names) => names.map((name) => `src/${name}.js`);

/** What is imported only where it is wanted. */
const LAZY = ['hash', 'solo'];

/**
 * Keeps all that is not lazy in one file: esbuild puts what has the same importers together, so
 * each lazy module gets an export that reaches everything.
 */
const together = {
  name: 'together',
  setup({ onLoad }) {
    onLoad({ filter: new RegExp(`/src/(${LAZY.join('|')})\\.js$`) }, ({ path: file }) => ({
      contents: `${readFileSync(file, 'utf8')}\nexport { createRuntime as all } from './node.js';\n`,
    }));
  },
};

/** What is loaded by the URL of its file, and so keeps its name: tasks in workers. */
const BY_URL = ['task-worker-node', 'task-worker'];

async function bundle() {
  rmSync(DIST, { recursive: true, force: true });
  // Copies of what the entries share, rather than more files: Node is slow to import each.
  await build({ ...ESM, entryPoints: entries('index'), chunkNames: '[name]-[hash]', plugins: [together] });
  for (const name of ['task', ...BY_URL]) await build({ ...ESM, splitting: false, entryPoints: entries(name) });
  await build({ ...CJS, entryPoints: entries('index', 'task') });
  await build({ ...CJS, entryPoints: entries('worker'), define: {}, banner: {} });
  await build({ ...ESM, entryPoints: { cli: 'bin/weft.js' }, chunkNames: 'cli-[name]-[hash]', plugins: [together] });
}

/** Declarations for ES modules and, as TypeScript takes those for something else, for CommonJS. */
function writeTypes() {
  rmSync(TYPES, { recursive: true, force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', ROOT], { stdio: 'inherit' });
  const cjs = path.join(TYPES, 'cjs');
  const files = readdirSync(TYPES).filter((name) => name.endsWith('.d.ts'));
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
  writeTypes();
  for (const { name, bytes, brotli } of sizes()) {
    console.log(`dist/${name.padEnd(28)}${String(bytes).padStart(8)} bytes${String(brotli).padStart(8)} with brotli`);
  }
}
