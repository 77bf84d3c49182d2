import { flush, now, write } from './browser-io.js';
import { compile, notLoaded, readBytes, request, toUrl } from './browser-load.js';
import { openRuntime } from './create.js';
import { WeftError } from './errors.js';
import { readOptions } from './options.js';
import { isUrl } from './show.js';
import { STOCK } from './stock.js';

export { WeftError } from './errors.js';
export { Runtime } from './runtime.js';

/** How long a browser may take to end a worker that does not return to its event loop. */
const END_MS = 3000;

const scope = /** @type {any} */ (globalThis);
/** False on a page, and in workers that a browser does not let sleep. */
const maySleep = typeof scope.DedicatedWorkerGlobalScope === 'function' || typeof scope.SharedWorkerGlobalScope === 'function';

/** @param {URL | string} source */
async function openFile(source) {
  const { body, headers } = await request(source);
  const size = Number(headers.get('content-length') ?? NaN);
  const plain = size > 0 && !headers.get('content-encoding'); // else it counts what is compressed
  return { stream: () => body, size: plain ? size : undefined };
}

/** @param {URL | string} source */
function resolveModule(source) {
  if (isUrl(source) || (typeof source === 'string' && source !== '')) return toUrl(source);
  throw new WeftError('WEFT_ERR_INVALID',
    `rt.load: a module of tasks is named by a URL, got ${source === '' ? 'nothing' : typeof source}`);
}

/** @param {URL | string} source */
async function loadScript(source) {
  const url = toUrl(source);
  let factory;
  try {
    factory = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)).default;
  } catch (error) {
    throw notLoaded(`${url} cannot be loaded: ${/** @type {Error} */ (error).message}`, error);
  }
  if (typeof factory !== 'function') {
    throw notLoaded(`${url} has no default export: a browser takes Emscripten's output as an ES module, link it with -sEXPORT_ES6 -sMODULARIZE`);
  }
  return { factory, wasm: url.replace(/\.[cm]?js(?=$|[?#])/, '.wasm') };
}

/**
 * @param {Worker} worker  @param {string} label
 * @returns {import('./host.js').ThreadWorker}
 */
function wrap(worker, label) {
  /** @type {[reason: string, cause?: unknown] | undefined} */
  let end;
  /** @type {(reason: string, cause?: unknown) => void} */
  let told = () => {};
  let loaded = false;
  /** The lock that the worker holds. @type {string | undefined} */
  let lock;
  /** @param {string} reason  @param {unknown} [cause] */
  const tell = (reason, cause) => {
    if (!end) told(...(end = [reason, cause]));
  };
  const gone = () => tell('it was ended from outside, or called close()');
  worker.addEventListener('message', ({ data }) => {
    if (data?.type !== 'weft:loaded') return;
    loaded = true;
    lock = data.lock;
    if (lock) navigator.locks.request(lock, gone).catch(() => {});
  });
  worker.addEventListener('error', (event) => {
    // Once it runs, the error is one of a task's own callbacks, which the browser reports; the
    // worker goes on.
    if (loaded) return;
    worker.terminate();
    tell(event.message || `${label} cannot be loaded (is it there; is it served as text/javascript, on an isolated page with Cross-Origin-Embedder-Policy, too; does worker-src of the Content-Security-Policy allow it?)`);
  });
  return {
    post: (message) => worker.postMessage(message),
    async terminate() {
      worker.terminate();
      // It may still run for a moment, so it counts as ended when its lock is free.
      if (!lock) setTimeout(gone, END_MS);
    },
    onMessage: (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    onEnd: (listener) => {
      told = listener;
      if (end) listener(...end);
    },
  };
}

let created = 0;

function createWorker() {
  const worker = new Worker(new URL('./worker-browser.js', import.meta.url), { type: 'module', name: `weft ${created++}` });
  return wrap(worker, 'worker-browser.js, the script of weft\'s workers,');
}

/** @param {any} worker  Emscripten's, with its own listeners */
function adoptWorker(worker) {
  const inner = worker.onmessage;
  // Emscripten complains about messages that it does not know, and its error handler throws
  // into the event loop what we report.
  worker.onmessage = (/** @type {MessageEvent} */ event) => {
    if (!String(event.data?.type).startsWith('weft:')) inner?.call(worker, event);
  };
  worker.onerror = null;
  return wrap(worker, 'the script of Emscripten\'s workers');
}

const { port1, port2 } = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
port1.onmessage = () => waiting.shift()?.();

/**
 * Timers that follow each other are slowed down to 4 ms, in a hidden page to a second.
 *
 * @param {() => void} callback
 */
function later(callback) {
  waiting.push(callback);
  port2.postMessage(0);
}

/** Prints what C left without a line break, once it has come to its end. */
let flushing = false;
/** @param {1 | 2} fd  @param {Uint8Array} bytes */
function writeSoon(fd, bytes) {
  write(fd, bytes);
  if (flushing) return;
  flushing = true;
  setTimeout(() => {
    flushing = false;
    flush();
  });
}

/** @type {import('./host.js').Host} */
const host = {
  cpus: () => ({ count: navigator.hardwareConcurrency || 1, rule: 'hardwareConcurrency' }),
  variable: () => undefined,
  maySleep,
  later,
  now,
  write: writeSoon,
  readBytes,
  compile,
  openFile,
  stockModule: STOCK,
  resolveModule,
  taskWorker: new URL('./task-worker.js', import.meta.url).href,
  soloTaskWorker: new URL('./task-worker.js', import.meta.url).href,
  loadScript,
  whyUnshared: async () => (await import('./browser-isolation.js')).whyUnshared(),
  createWorker,
  adoptWorker,
};

/** @param {unknown} module  Emscripten starts its own workers */
const isWasi = (module) => typeof module !== 'function' && !/\.[cm]?js$/.test(String(module));

/**
 * Loads a module and starts its workers.
 *
 * @param {import('./options.js').RuntimeOptions} [options]
 * @returns {Promise<import('./runtime.js').Runtime>}  once every worker has answered; none is
 *   left if one did not
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_MODULE`, `WEFT_ERR_NOMEM`,
 *   `WEFT_ERR_WORKER`, `WEFT_ERR_TIMEOUT`
 */
export async function createRuntime(options = {}) {
  const settings = readOptions(host, options);
  import('./extras.js').catch(() => {}); // wanted when the workers have started
  // The workers come first: they load while the module does.
  /** @type {import('./host.js').ThreadWorker[]} */
  const early = [];
  try {
    const shared = typeof SharedArrayBuffer !== 'undefined' && isWasi(options.module);
    while (shared && early.length < settings.threads) early.push(createWorker());
  } catch { /* whoever needs the missing one creates it again, and reports */ }
  try {
    return await openRuntime({ ...host, createWorker: () => early.pop() ?? createWorker() }, options);
  } finally {
    for (const worker of early) worker.terminate();
  }
}
