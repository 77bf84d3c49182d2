import { builtin, cpus } from '../node.js';
import { notLoaded, toPath } from '../node-rare.js';
import { runOn } from './run.js';

export { WeftError } from '../errors.js';

/** @type {import('./run.js').ProgramHost} */
const host = {
  cpus,
  async readBytes(source) {
    const path = toPath(source);
    return builtin('fs').promises.readFile(path).catch((/** @type {Error} */ error) => {
      throw notLoaded(`${path} cannot be read: ${error.message}`, error);
    });
  },
  compile: (bytes) => WebAssembly.compile(/** @type {BufferSource} */ (bytes)),
  createWorker(on, failed) {
    const { Worker } = builtin('worker_threads');
    const worker = new Worker(new URL('./program-worker.js', import.meta.url), { execArgv: [], trackUnmanagedFds: false });
    worker.on('message', on);
    worker.on('error', failed);
    return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() };
  },
};

/**
 * Runs a C program with POSIX threads to its end: each thread on a worker of its own, with files
 * in memory. A program that ends by itself, with whatever code, is no error.
 *
 *     const { code, stdout, files } = await runProgram('./zip.wasm', {
 *       args: ['-9', 'in', 'out'],
 *       files: { in: bytes },
 *     });
 *     const zipped = files.get('out');
 *
 * @param {URL | string | ArrayBuffer | ArrayBufferView} program  a .wasm file that `weft build
 *   --program` or `weft_add_program` has made, or its bytes
 * @param {import('./run.js').ProgramOptions} [options]
 * @returns {Promise<import('./run.js').ProgramResult>}
 * @throws {WeftError} `WEFT_ERR_TRAP` and `WEFT_ERR_STACK`, with the wasm stack in its cause and
 *   what was printed in its stdout and stderr; `WEFT_ERR_CANCELLED`, `WEFT_ERR_INVALID`,
 *   `WEFT_ERR_MODULE`, `WEFT_ERR_NOMEM`, `WEFT_ERR_UNSUPPORTED`, `WEFT_ERR_WORKER`
 */
export function runProgram(program, options = {}) {
  return runOn(host, program, options);
}
