/** What few programs in Node need. */
import { WeftError } from './errors.js';
import { builtin, wrap } from './node.js';
import { isUrl } from './show.js';

/** Why a worker has ended that did not exit. @param {any} error */
export function uncaught(error) {
  if (String(error?.code).startsWith('ERR_WORKER')) return error.message; // Node's own
  try {
    return `nobody caught ${error}`;
  } catch {
    return 'nobody caught an error';
  }
}

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
export function resolveModule(source) {
  if (isUrl(source) || (typeof source === 'string' && source !== '')) return builtin('url').pathToFileURL(toPath(source)).href;
  throw new WeftError('WEFT_ERR_INVALID',
    `rt.load: a module of tasks is named by a URL or a path, got ${source === '' ? 'nothing' : typeof source}`);
}

/** @param {any} worker  Emscripten's, with its own listeners */
export function adoptWorker(worker) {
  const inner = worker.onmessage;
  // Emscripten complains about messages that it does not know, and its error handler
  // throws into the event loop what we report.
  worker.onmessage = (/** @type {{ data: any }} */ event) => {
    if (!String(event.data?.type).startsWith('weft:')) inner(event);
  };
  worker.onerror = () => {};
  return wrap(worker);
}

/** @param {URL | string} source  @param {unknown} error  from reading it */
export function notRead(source, error) {
  if (error instanceof WeftError) return error;
  return notLoaded(`${toPath(source)} cannot be read: ${/** @type {Error} */ (error).message}`, error);
}
