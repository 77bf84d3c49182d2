import { fstatSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isatty } from 'node:tty';
import { createMemory } from '../src/module.js';
import { readSignatures } from '../src/signature.js';
import { isWasm } from '../src/signature-rare.js';
import { whatIsWrong } from '../src/program/check.js';
import { readImports } from '../src/program/limits.js';
import { FileType, typeOf } from '../src/program/stat.js';
import { Kind, Table } from '../src/program/table.js';
import { UsageError, failure } from './output.js';
import { hireWorker, serveProgram } from './serve-program.js';

const HELP = `Usage: weft run [options] PROGRAM.wasm [argument...]
       weft run [options] FILE.c... [compiler options] [-- argument...]

Runs a C program with POSIX threads, each on a worker of its own, or compiles one and runs it.

  --dir HOST[::GUEST]  a folder that the program may use, and its name there; can be repeated;
                       default: the current folder
  --env NAME=VALUE     beside the variables of the environment
  --memory SIZE        of the program, such as 512M or 4G; default 1G
  --verbose            print the compiler's commands
  --no-cache           compile in any case

Ends with the program's exit code, 134 after a trap, 130 after an interrupt.`;

const GIB = 2 ** 30;
const MEMORY_MAX = 4 * GIB;
const HIRED_MAX = 4;

/** @typedef {{ host: string, guest: string }} Folder */

/** @param {string} text  @returns {number} */
function readSize(text) {
  const [, number, unit = ''] = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  const bytes = Number(number) * 2 ** ({ '': 0, K: 10, M: 20, G: 30 }[unit.toUpperCase()] ?? 0);
  if (!(bytes >= 65536 && bytes <= MEMORY_MAX)) throw new UsageError(`--memory must be from 64K to 4G, got ${text}`);
  return bytes;
}

/** @param {string} text  @returns {Folder} */
function readFolder(text) {
  const [name, guest = name] = text.split('::');
  try {
    const host = realpathSync(name);
    if (!statSync(host).isDirectory()) throw new UsageError(`--dir ${name}: is not a folder`);
    return { host, guest: guest.replace(/(?<=.)\/+$/, '') };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--dir ${name}: ${failure(error)}`);
  }
}

/**
 * The command line up to the program; what follows belongs to that one.
 *
 * @param {string[]} args
 */
function readCommand(args) {
  const options = { dirs: /** @type {Folder[]} */ ([]), env: /** @type {Record<string, string>} */ ({}), memory: GIB };
  /** @type {string[]} */
  const compile = [];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (let at = 0; at < end; at++) {
    const [, name, given] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(args[at]) ?? [];
    const value = () => {
      if (given !== undefined) return given;
      if (++at >= end) throw new UsageError(`${name} needs a value`);
      return args[at];
    };
    if (name === '--dir') options.dirs.push(readFolder(value()));
    else if (name === '--memory') options.memory = readSize(value());
    else if (name === '--env') {
      const [, key, text] = /^([^=]+)=(.*)$/s.exec(value()) ?? [];
      if (key === undefined) throw new UsageError('--env takes NAME=VALUE');
      options.env[key] = text;
    } else if (compile.length === 0 && /\.wasm$/.test(args[at])) {
      const rest = args.slice(at + 1);
      return { options, program: args[at], compile, rest: rest[0] === '--' ? rest.slice(1) : rest };
    } else compile.push(args[at]);
  }
  return { options, program: undefined, compile, rest: args.slice(end + 1) };
}

/** Standard input, output and error, and the folders. @param {Folder[]} folders */
function openTable(folders) {
  const table = new Table();
  for (const fd of [0, 1, 2]) {
    let type = /** @type {number} */ (FileType.UNKNOWN);
    try {
      type = typeOf(fstatSync(fd));
    } catch { /* closed: reading and writing will say so */ }
    // The C library takes every device for a terminal.
    if (type === FileType.CHARACTER_DEVICE && !isatty(fd)) type = FileType.UNKNOWN;
    table.add({ kind: Kind.STREAM, type, system: fd });
  }
  folders.forEach(({ host }, index) => table.add({ kind: Kind.FOLDER, type: FileType.FOLDER, path: host, preopen: index + 1 }));
  return table;
}

/**
 * Workers load while the module is compiled: one for main and, as a program that starts a thread
 * mostly has work for every CPU, some for others.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {(module: WebAssembly.Module) => void} check
 */
async function compileWhileHiring(bytes, check) {
  const starts = readImports(bytes).imports.some(({ name }) => name === 'thread-spawn');
  const count = 1 + (starts ? Math.min(availableParallelism(), HIRED_MAX) : 0);
  const workers = Array.from({ length: count }, hireWorker).reverse(); // the first is taken from the end
  try {
    const module = await WebAssembly.compile(bytes);
    check(module);
    return { module, workers };
  } catch (error) {
    for (const worker of workers) worker.terminate();
    throw error;
  }
}

/** @param {string[]} args  @returns {Promise<number>} the exit code, if there was nothing to run */
export async function run(args) {
  if (args[0] === '--help' || args[0] === '-h') {
    console.log(HELP);
    return 0;
  }
  const { options, program, compile, rest } = readCommand(args);
  let file = program;
  let name = program ?? '';
  if (file === undefined) {
    if (compile.length === 0) throw new UsageError('weft run needs a program: a .wasm file or .c files');
    const { buildProgram } = await import('./build/program.js');
    const built = await buildProgram(compile);
    if (built.code !== 0) return built.code;
    file = built.file;
    name = compile.find((word) => word.endsWith('.c'))?.replace(/\.c$/, '') ?? file;
  }
  const bytes = await readFile(file).catch((error) => {
    throw new Error(`${file}: ${failure(error)}`);
  });
  if (!isWasm(bytes)) throw new Error(`${file} is not a WebAssembly module: its first bytes are not "\\0asm"`);
  const facts = readSignatures(bytes);
  const folders = options.dirs.length > 0 ? options.dirs : [readFolder('.')];
  const table = openTable(folders);
  const { module, workers } = await compileWhileHiring(bytes, (compiled) => {
    const wrong = whatIsWrong(name, facts, compiled);
    if (wrong) throw new Error(wrong);
  });
  const threadIds = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(threadIds), 0, 1);
  const settings = {
    cpus: availableParallelism(), args: [name, ...rest], env: { .../** @type {Record<string, string>} */ (process.env), ...options.env },
    preopens: folders.map(({ guest }) => guest), table: table.buffer, threadIds,
  };
  const memory = facts.memory?.imported ? createMemory(options.memory, facts.memory) : undefined;
  serveProgram({ module, memory, thread: 0, argument: 0, settings }, name, workers);
  return new Promise(() => {}); // the process ends with the program
}
