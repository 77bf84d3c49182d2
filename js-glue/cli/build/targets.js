import { readdirSync } from 'node:fs';
import path from 'node:path';
import { openSdk } from '../sdk.js';
import { compilerOf, findCompiler } from './clang.js';
import { openEmscripten } from './emscripten.js';
import { buildLibraries } from './library.js';
import { stackChecker } from './stack-check.js';
import { onPath } from './stamp.js';

/**
 * @typedef {import('./options.js').Job} Job
 * @typedef {import('./compile.js').Tools} Tools
 */

/** Whatever runs by threads of the sysroot has the thread layer and the runtime of weft left out. */
const OWN_THREADS = /^wasm32-wasi(?:p1)?-threads$/;
const SINGLE = /^wasm32-wasi(?:p1)?$/;

/**
 * The C library that is asked for.
 *
 * @param {Job} job  @param {import('./compile.js').Kind} kind
 * @returns {{ root?: string, triple: string }}
 */
function chooseLibrary({ sysroot }, kind) {
  const root = sysroot ?? process.env.WASI_SYSROOT;
  if (root === undefined || root === '') return { triple: 'wasm32-wasi' };
  let names;
  try {
    names = readdirSync(path.join(root, 'lib'));
  } catch {
    throw new Error(`${root} is no sysroot: it has no folder lib`);
  }
  const own = names.find((name) => OWN_THREADS.test(name));
  const single = names.find((name) => SINGLE.test(name));
  if (kind === 'program' && own !== undefined) return { root, triple: own };
  if (single !== undefined) return { root, triple: single };
  const why = own ? `${own} alone; modules take weft's threads, on lib/wasm32-wasi or lib/wasm32-wasip1` : 'neither lib/wasm32-wasi nor lib/wasm32-wasip1';
  throw new Error(`${root} has ${why}`);
}

/** @param {Job} job  @param {import('./compile.js').Kind} kind  @returns {Promise<Tools>} */
async function openWasi(job, kind) {
  const sdk = openSdk();
  const { features, compile, link, strip, module, program } = sdk.flags.wasi;
  const library = chooseLibrary(job, kind);
  const compiler = await findCompiler(sdk, library);
  if (OWN_THREADS.test(library.triple)) {
    return {
      compiler,
      settings: sdk.settings,
      compile: [...features, '-pthread'],
      link: (_, debug) => ['-pthread', '-Wl,--import-memory,--export-memory,--shared-memory,--max-memory=4294967296', ...(debug ? [] : strip)],
      libraries: async () => ({}),
    };
  }
  return {
    compiler,
    settings: sdk.settings,
    compile: [...features, ...compile, '-isystem', sdk.threadInclude, '-isystem', sdk.include],
    start: sdk.start,
    link: (type, debug) => [...link, ...(debug ? [] : strip), ...(type === 'module' ? module : program)],
    libraries: async () => ({ whole: sdk.library, kernels: sdk.kernels }),
    finish: stackChecker(sdk),
  };
}

/** @returns {Promise<Tools>} */
async function openNative() {
  const sdk = openSdk();
  const wanted = process.env.WEFT_CC ?? process.env.CC ?? 'cc';
  const program = onPath(wanted);
  if (program === undefined) throw new Error(`there is no C compiler ${wanted} here: on Debian and Ubuntu, apt-get install gcc`);
  if (process.platform !== 'linux') throw new Error('--target native: weft runs natively on Linux alone');
  /** @type {Tools} */
  const tools = {
    compiler: compilerOf(program, []),
    settings: sdk.settings,
    compile: ['-pthread', '-fPIC', '-isystem', sdk.include],
    link: (kind) => ['-pthread', ...(kind === 'module' ? ['-shared'] : [])],
    libraries: (job) => buildLibraries(job, tools, sdk.source, 'native', onPath('ar') ?? 'ar'),
    last: ['-lm'],
  };
  return tools;
}

/**
 * @param {Job} job  @param {import('./compile.js').Kind} kind
 * @returns {Promise<Tools>}
 */
export function openTools(job, kind) {
  if (job.target === 'native') return openNative();
  return job.target === 'emscripten' ? openEmscripten() : openWasi(job, kind);
}
