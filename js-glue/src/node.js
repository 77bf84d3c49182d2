import { promises, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { openRuntime } from './create.js';
import { WeftError } from './errors.js';
import { now, write } from './node-io.js';
import { readOptions } from './options.js';

const MIB = 1024 * 1024;

/** @param {string} message  @param {unknown} [cause] */
const notLoaded = (message, cause) => new WeftError('WEFT_ERR_MODULE', message, { cause });

/** @param {string} path  @returns {string | undefined} */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** CPUs that the control groups of this process grant it, Infinity without a limit. */
export function cgroupQuota(readText = read) {
  let least = Infinity;
  for (const line of readText('/proc/self/cgroup')?.split('\n') ?? []) {
    const [, id, controllers, group] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (group === undefined) continue;
    const two = id === '0' && controllers === '';
    if (!two && !controllers.split(',').includes('cpu')) continue;
    const root = two ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controllers}`;
    // A group is limited by its ancestors too.
    for (let at = group; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const folder = `${root}${at === '/' ? '' : at}`;
      const text = two
        ? readText(`${folder}/cpu.max`)
        : `${readText(`${folder}/cpu.cfs_quota_us`)} ${readText(`${folder}/cpu.cfs_period_us`)}`;
      const [quota, period] = (text ?? '').trim().split(/\s+/).map(Number);
      if (quota > 0 && period > 0) least = Math.min(least, quota / period);
      if (at === '' || at === '/') break;
    }
  }
  return least;
}

/** CPUs that this process may use. */
function cpus() {
  const available = availableParallelism();
  const quota = Math.max(1, Math.ceil(cgroupQuota()));
  return quota < available
    ? { count: quota, rule: 'cgroup' }
    : { count: available, rule: 'availableParallelism' };
}

/** @param {URL | string} source  @returns {string} */
function toPath(source) {
  const text = String(source);
  if (/^file:/i.test(text)) return fileURLToPath(text);
  if (/^[a-z][a-z+.-]+:\/\//i.test(text)) {
    throw notLoaded(`${text} is not a file: fetch it and give its bytes`);
  }
  return resolve(text);
}

/** @param {URL | string} source */
async function readBytes(source) {
  const path = toPath(source);
  try {
    // Not the asynchronous form: a module is small, and the start of a runtime waits for it.
    return readFileSync(path);
  } catch (error) {
    throw notLoaded(`${path} cannot be read: ${/** @type {Error} */ (error).message}`, error);
  }
}

/** @param {URL | string} source  @returns {Promise<import('./hash-source.js').Reader>} */
async function openFile(source) {
  const handle = await promises.open(toPath(source));
  const stat = await handle.stat();
  /** @type {Promise<unknown>} */
  let reading = Promise.resolve();
  return {
    total: stat.isFile() && stat.size > 0 ? stat.size : undefined, // files of /proc say 0
    async fill(buffer) {
      let filled = 0;
      while (filled < buffer.length) {
        const read = handle.read(buffer, filled, buffer.length - filled, null);
        reading = read;
        const { bytesRead } = await read;
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    async close() {
      await reading.catch(() => {});
      await handle.close().catch(() => {});
    },
  };
}

/** @param {URL | string} source */
function resolveModule(source) {
  if (source instanceof URL || (typeof source === 'string' && source !== '')) return pathToFileURL(toPath(source)).href;
  throw new WeftError('WEFT_ERR_INVALID',
    `rt.load: a module of tasks is named by a URL or a path, got ${source === '' ? 'nothing' : typeof source}`);
}

/** @param {URL | string} source */
async function loadScript(source) {
  const path = toPath(source);
  let factory;
  try {
    factory = createRequire(import.meta.url)(path);
  } catch (error) {
    throw notLoaded(
      `${path} cannot be loaded: ${/** @type {Error} */ (error).message} (Node takes Emscripten's output as CommonJS: link with -sMODULARIZE, and keep it in a folder whose package.json says "type": "commonjs")`,
      error);
  }
  if (typeof factory !== 'function') throw notLoaded(`${path} exports no function: link it with -sMODULARIZE`);
  return { factory, wasm: path.replace(/\.[cm]?js$/, '.wasm') };
}

/** @param {Worker} worker  @returns {import('./host.js').ThreadWorker} */
function wrap(worker) {
  /** @type {[reason: string, cause?: unknown] | undefined} */
  let end;
  /** @type {(reason: string, cause?: unknown) => void} */
  let told = () => {};
  /** @param {string} reason  @param {unknown} [cause] */
  const tell = (reason, cause) => {
    if (!end) told(...(end = [reason, cause]));
  };
  worker.on('error', (error) => tell(String(error?.message ?? error), error));
  worker.on('exit', (code) => tell(`it was ended from outside, or called process.exit (code ${code})`));
  worker.unref(); // so that neither starting nor idle workers keep the process alive
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    onMessage: (listener) => {
      worker.on('message', listener);
      worker.unref(); // listening counts as a reason to live: take it back
    },
    onEnd: (listener) => {
      told = listener;
      if (end) listener(...end);
    },
  };
}

/** @param {import('./options.js').Settings} settings */
function createWorker({ stackBytes }) {
  // As large as the C stack, and not more: V8 checks its own, so that a recursion mostly ends
  // there, with an error, before it has overrun the C stack.
  const stackSizeMb = Math.max(1, Math.ceil(stackBytes / MIB));
  return wrap(new Worker(new URL('./worker.cjs', import.meta.url), {
    execArgv: [], // no loaders of the application: they would slow the start
    resourceLimits: { stackSizeMb },
  }));
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

/** @type {import('./host.js').Host} */
export const host = {
  cpus,
  variable: (name) => process.env[name],
  maySleep: true,
  later: (callback) => void setImmediate(callback),
  now,
  write,
  readBytes,
  openFile,
  stockModule: new URL('../wasm/weft.wasm', import.meta.url),
  resolveModule,
  taskWorker: new URL('./task-worker-node.js', import.meta.url).href,
  soloTaskWorker: new URL('./task-worker.js', import.meta.url).href,
  loadScript,
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
  // The workers come first: they load while the module does.
  /** @type {import('./host.js').ThreadWorker[]} */
  const early = [];
  try {
    while (isWasi(options.module) && early.length < settings.threads) early.push(createWorker(settings));
  } catch { /* whoever needs the missing one creates it again, and reports */ }
  try {
    return await openRuntime({ ...host, createWorker: (s) => early.pop() ?? createWorker(s) }, options);
  } finally {
    await Promise.all(early.map((worker) => worker.terminate()));
  }
}
