import { WeftError } from './errors.js';
import { now, write } from './node-io.js';
import { builtin, cpus, createWorker, variable, wrap } from './node.js';
import { STOCK } from './stock.js';

export { openRuntime } from './create.js';

/** @param {string} message  @param {unknown} [cause] */
export const notLoaded = (message, cause) => new WeftError('WEFT_ERR_MODULE', message, { cause });

/** @param {URL | string} source  @returns {string} */
export function toPath(source) {
  const text = String(source);
  if (/^file:/i.test(text)) return builtin('url').fileURLToPath(text);
  if (/^[a-z][a-z+.-]+:\/\//i.test(text)) {
    throw notLoaded(`${text} is not a file: fetch it and give its bytes`);
  }
  return builtin('path').resolve(text);
}

/** @param {URL | string} source */
async function readBytes(source) {
  const path = toPath(source);
  try {
    // Not the asynchronous form: a module is small, and the start of a runtime waits for it.
    return builtin('fs').readFileSync(path);
  } catch (error) {
    throw notLoaded(`${path} cannot be read: ${/** @type {Error} */ (error).message}`, error);
  }
}

/** @param {URL | string} source */
function resolveModule(source) {
  if (source instanceof URL || (typeof source === 'string' && source !== '')) return builtin('url').pathToFileURL(toPath(source)).href;
  throw new WeftError('WEFT_ERR_INVALID',
    `rt.load: a module of tasks is named by a URL or a path, got ${source === '' ? 'nothing' : typeof source}`);
}

/** @param {any} worker  Emscripten's, with its own listeners */
function adoptWorker(worker) {
  const inner = worker.onmessage;
  // Emscripten complains about messages that it does not know, and its error handler
  // throws into the event loop what we report.
  worker.onmessage = (/** @type {{ data: any }} */ event) => {
    if (!String(event.data?.type).startsWith('weft:')) inner(event);
  };
  worker.onerror = () => {};
  return wrap(worker);
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
  write,
  readBytes,
  compile,
  openFile: async (source) => (await import('./node-files.js')).openFile(source),
  stockModule: STOCK,
  resolveModule,
  taskWorker: new URL('./task-worker-node.js', import.meta.url).href,
  soloTaskWorker: new URL('./task-worker.js', import.meta.url).href,
  loadScript: async (source) => (await import('./node-files.js')).loadScript(source),
  createWorker,
  adoptWorker,
};
