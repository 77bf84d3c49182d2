import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { cached } from './cache.js';
import { findClangs, onPath, stamp } from './stamp.js';

const NONE = `there is no C compiler for WebAssembly here. Two ways to get one:
  - clang with its WebAssembly parts and wasi-libc; on Debian and Ubuntu:
    apt-get install clang lld wasi-libc libclang-rt-dev-wasm32
  - in the project's folder, on any system: npm install --save-dev @yowasp/clang`;

/**
 * Something that compiles and links.
 * @typedef {object} Compiler
 * @property {string} id  differs for different compilers
 * @property {string} name  for --verbose
 * @property {string[]} files  that differ for different compilers
 * @property {(args: string[]) => Promise<{ code: number, notes: string, output: string }>} compile
 * @property {(args: string[], kind: 'module' | 'program') => Promise<{ code: number, notes: string }>} link
 */

/** @param {string} program  @param {string} question */
function ask(program, question) {
  const { stdout, status } = spawnSync(program, ['--target=wasm32-wasi', '-rtlib=compiler-rt', question], { encoding: 'utf8' });
  return status === 0 && existsSync(stdout.trim());
}

/** The first clang that can link for WebAssembly; asked once, as long as none of them changes. */
async function search() {
  const programs = findClangs();
  const what = ['compiler', process.env.WASI_SYSROOT ?? '', programs.map((program) => [program, stamp(program)])];
  const { file, code } = await cached(what, false, async (target) => {
    const found = programs.find((program) => ask(program, '-print-libgcc-file-name') && ask(program, '-print-prog-name=wasm-ld'));
    if (found === undefined) return { code: 1, notes: '' };
    writeFileSync(target, found);
    return { code: 0, notes: '', inputs: [realpathSync(found)] };
  });
  return code === 0 ? readFileSync(file, 'utf8') : undefined;
}

/**
 * Runs a program and takes what it prints.
 *
 * @param {string} program  @param {string[]} args  @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ code: number, notes: string, output: string }>}
 */
export function execute(program, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    /** @type {Buffer[]} */
    const output = [];
    /** @type {Buffer[]} */
    const notes = [];
    child.stdout.on('data', (data) => output.push(data));
    child.stderr.on('data', (data) => notes.push(data));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({
      code: code ?? 1, output: Buffer.concat(output).toString(),
      notes: Buffer.concat(notes).toString() + (signal ? `${program} was ended by ${signal}\n` : ''),
    }));
  });
}

/** @param {string} program  @param {string[]} options  of every command  @returns {Compiler} */
export function compilerOf(program, options) {
  const all = [...options, ...(process.stderr.isTTY ? ['-fcolor-diagnostics'] : [])];
  /** @type {Compiler['compile']} */
  const run = (args) => execute(program, [...all, ...args]);
  return { id: `${program} ${stamp(realpathSync(program))} ${all.join(' ')}`, name: [program, ...all].join(' '), files: [program], compile: run, link: run };
}

/**
 * @param {string} program  @param {string | undefined} root  @param {string} triple
 */
const wasiClang = (program, root, triple) => compilerOf(program, [`--target=${triple}`, ...(root ? [`--sysroot=${root}`] : [])]);

/**
 * WEFT_CC, or the system's clang, or the package @yowasp/clang.
 *
 * @param {import('../sdk.js').Sdk} sdk
 * @param {{ root?: string, triple: string }} library  root: of the C library; default: the compiler's own
 * @returns {Promise<Compiler>}
 */
export async function findCompiler(sdk, { root, triple }) {
  const wanted = process.env.WEFT_CC;
  if (wanted !== undefined && wanted !== '@yowasp/clang') {
    const program = onPath(wanted);
    if (program === undefined) throw new Error(`WEFT_CC names ${wanted}, which is not there`);
    return wasiClang(program, root, triple);
  }
  const program = wanted === undefined ? await search() : undefined;
  if (program !== undefined) return wasiClang(program, root, triple);
  const { openYowasp } = await import('./yowasp.js');
  const packaged = await openYowasp(sdk);
  if (packaged === undefined) throw new Error(wanted === undefined ? NONE : `WEFT_CC names ${wanted}, which is not installed here: npm install --save-dev ${wanted}`);
  if (root !== undefined) throw new Error('--sysroot takes the system\'s clang: @yowasp/clang has a C library of its own');
  return packaged;
}
