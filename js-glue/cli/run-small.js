import { fstatSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { createMemory } from '../src/module.js';
import { readImports } from '../src/program/limits.js';
import { SMALL_BYTES, isSmall } from '../src/program/small.js';
import { hireWorker, serveProgram } from './serve-program.js';

const MEMORY_BYTES = 2 ** 30;
const CHARACTER_DEVICE = 2;

/** The C library takes every device for a terminal. @param {number} fd */
function typeOfStream(fd) {
  try {
    const device = fstatSync(fd).isCharacterDevice();
    return device && createRequire(import.meta.url)('node:tty').isatty(fd) ? CHARACTER_DEVICE : 0;
  } catch {
    return 0; // closed: reading and writing will say so
  }
}

/**
 * The short way of `weft run PROGRAM.wasm [argument...]`, for a program that needs nothing but
 * threads and its standard streams.
 *
 * @param {string[]} args  of weft
 * @returns {boolean}  false: it is not that; nothing has been done
 */
export function runSmall([command, file, ...rest]) {
  if (command !== 'run' || !/^[^-].*\.wasm$/.test(file ?? '')) return false;
  const workers = [];
  let module;
  let limits;
  try {
    const bytes = readFileSync(file);
    const { imports, memory } = readImports(bytes);
    if (!memory?.shared || !isSmall(imports)) return false;
    workers.push(hireWorker()); // it loads while the module is compiled
    module = new WebAssembly.Module(bytes);
    limits = memory;
  } catch { /* the long way says what is wrong */ }
  if (!module || !limits || !WebAssembly.Module.exports(module).some(({ name }) => name === '_start')) {
    for (const worker of workers) worker.terminate();
    return false;
  }
  workers.unshift(hireWorker()); // for the first thread
  process.once('SIGINT', () => process.exit(130));
  const threadIds = new SharedArrayBuffer(4);
  new Int32Array(threadIds)[0] = 1;
  serveProgram({
    module, memory: createMemory(MEMORY_BYTES, limits), thread: 0, argument: 0,
    settings: {
      cpus: availableParallelism(), args: [file, ...(rest[0] === '--' ? rest.slice(1) : rest)],
      env: /** @type {Record<string, string>} */ ({ ...process.env }), threadIds,
      table: new SharedArrayBuffer(SMALL_BYTES), types: [0, 1, 2].map(typeOfStream),
    },
  }, file, workers);
  return true;
}
