import { now } from './node-io.js';
import { builtin, cpus, createWorker, variable } from './node.js';
import { adoptWorker, notRead, resolveModule, toPath } from './node-rare.js';
import { write } from './node-write-rare.js';
import { STOCK } from './stock.js';

export { openRuntime } from './create.js';

/** A URL in a string; no drive of Windows. */
const SCHEME = /^[A-Za-z][A-Za-z+.-]+:/;

/** @param {URL | string} source */
async function readBytes(source) {
  try {
    // Not the asynchronous form: a module is small, and the start of a runtime waits for it.
    return builtin('fs').readFileSync(typeof source === 'string' && SCHEME.test(source) ? toPath(source) : source);
  } catch (error) {
    throw notRead(source, error);
  }
}

/** Bytes of a module that is compiled at once. */
const AT_ONCE = 512 * 1024;

/**
 * Other threads would help to compile a large module, but they would do so behind the workers
 * that are starting.
 *
 * @param {Uint8Array} bytes
 */
async function compile(bytes) {
  const source = /** @type {BufferSource} */ (bytes);
  return bytes.length > AT_ONCE ? WebAssembly.compile(source) : new WebAssembly.Module(source);
}

/** @type {import('./host.js').Host} */
export const host = {
  cpus,
  variable,
  maySleep: true,
  warn: (message, cause) => process.emitWarning(message, { type: 'WeftWarning', detail: String(cause?.stack ?? cause) }),
  later: (callback) => void setImmediate(callback),
  now,
  write: (fd, bytes) => write(fd, bytes),
  readBytes,
  compile,
  openFile: async (source) => (await import('./node-files.js')).openFile(source),
  stockModule: STOCK,
  resolveModule: (source) => resolveModule(source),
  taskWorker: new URL('./task-worker-node.js', import.meta.url).href,
  soloTaskWorker: new URL('./task-worker.js', import.meta.url).href,
  loadScript: async (source) => (await import('./node-files.js')).loadScript(source),
  createWorker,
  adoptWorker: (worker) => adoptWorker(worker),
};
