// Puts the demo together in build/demo, a static folder for any host:
//
//     node web-demo/build.js [--module FILE] [--out FOLDER] [--service-worker]
//
// What is here is copied as it is; weft comes as the npm package ships it, and the module in C from
// the build of the preset wasi. With --service-worker it isolates itself on hosts that set no headers.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBlake3Compress } from '../tests/bench/work/hash_code.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = path.join(HERE, '..');
const DIST = path.join(ROOT, 'js-glue/dist');
const SOURCES_ONLY = new Set(['build.js', 'CMakeLists.txt', 'demo.c', 'explore.webp']);

/** The compression function of BLAKE3 for the rungs in JavaScript, unrolled: a page under a strict policy makes no code from text. */
const blake3Compress = () => `// Made by web-demo/build.js.\nexport const compress = ${makeBlake3Compress().toString().replace('function anonymous', 'function compress')};\n`;

/**
 * @param {object} [options]
 * @param {string} [options.module]  demo.wasm
 * @param {string} [options.out]
 * @param {boolean} [options.serviceWorker]  for hosts that set no headers
 * @returns {Promise<string>}  the folder
 */
export async function buildDemo({ module = path.join(ROOT, 'build/wasi/web-demo/demo.wasm'), out = path.join(ROOT, 'build/demo'), serviceWorker = false } = {}) {
  for (const needed of [module, path.join(DIST, 'browser.js')]) {
    if (!existsSync(needed)) throw new Error(`${needed} is not there: npm run build makes it`);
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(HERE).filter((file) => !SOURCES_ONLY.has(file))) {
    cpSync(path.join(HERE, name), path.join(out, name), { recursive: true });
  }
  cpSync(module, path.join(out, 'demo.wasm'));
  writeFileSync(path.join(out, 'race/blake3-compress.js'), blake3Compress());
  for (const name of readdirSync(DIST).filter((file) => /^(browser|worker-browser|task-worker\.).*\.js$/.test(file))) {
    cpSync(path.join(DIST, name), path.join(out, 'weft', name));
  }
  if (serviceWorker) {
    cpSync(path.join(DIST, 'isolation.js'), path.join(out, 'isolation.js'));
    const page = path.join(out, 'index.html');
    writeFileSync(page, readFileSync(page, 'utf8').replace('  <link rel="icon"', '  <script src="isolation.js"></script>\n  <link rel="icon"'));
  }
  return out;
}

/** @param {string[]} args */
function readOptions(args) {
  const { module, out, 'service-worker': serviceWorker } = parseArgs({
    args, options: { module: { type: 'string' }, out: { type: 'string' }, 'service-worker': { type: 'boolean' } },
  }).values;
  return { module: module && path.resolve(module), out: out && path.resolve(out), serviceWorker };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const out = await buildDemo(readOptions(process.argv.slice(2)));
    const bytes = readdirSync(out, { recursive: true, withFileTypes: true })
      .reduce((sum, entry) => sum + (entry.isFile() ? statSync(path.join(entry.parentPath ?? entry.path, entry.name)).size : 0), 0);
    console.log(`${out}: ${bytes} bytes; serve it with COOP and COEP: npx weft serve ${path.relative(process.cwd(), out)}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
