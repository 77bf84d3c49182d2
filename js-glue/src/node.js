import { createRequire } from 'node:module';
import { uncaught } from './node-rare.js';
import { readOptions } from './options.js';

const MIB = 1024 * 1024;

/** A CommonJS module, at once. @type {(name: string) => any} */
export const load = createRequire(import.meta.url);

/**
 * One of Node's own modules, when it is wanted: importing the few that are needed here takes
 * longer than all else of the import.
 *
 * @type {(name: string) => any}  untyped, as programs need not have the types of Node
 */
export const builtin = /** @type {any} */ (process).getBuiltinModule ?? load;

/** @param {string} path  @returns {string | undefined} */
function read(path) {
  try {
    return builtin('fs').readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** CPUs that the control groups of this process grant it, Infinity without a limit. */
export function cgroupQuota(readText = read) {
  let least = Infinity;
  // Version 2 names no controllers.
  for (const [, controllers, group] of (readText('/proc/self/cgroup') ?? '').matchAll(/^\d+:([^:\n]*\bcpu\b[^:\n]*)?:(.*)$/gm)) {
    const root = `/sys/fs/cgroup${controllers ? `/${controllers}` : ''}`;
    let at = `${group}/`;
    do { // a group is limited by its ancestors too
      at = at.slice(0, at.lastIndexOf('/'));
      const of = (/** @type {string} */ name) => readText(`${root}${at}/cpu.${name}`);
      const [quota, period] = String(controllers ? `${of('cfs_quota_us')} ${of('cfs_period_us')}` : of('max')).split(/\s+/).map(Number);
      if (quota / period > 0) least = Math.min(least, quota / period);
    } while (at);
  }
  return least;
}

/** CPUs that this process may use. */
export function cpus() {
  const available = builtin('os').availableParallelism();
  const quota = Math.max(1, Math.ceil(cgroupQuota()));
  return quota < available
    ? { count: quota, rule: 'cgroup' }
    : { count: available, rule: 'availableParallelism' };
}

/** @param {any} worker  Node's  @returns {import('./host.js').ThreadWorker} */
export function wrap(worker) {
  /** @type {[reason: string, cause?: unknown] | undefined} */
  let end;
  /** @type {(reason: string, cause?: unknown) => void} */
  let told = () => {};
  /** @param {string} reason  @param {unknown} [cause] */
  const tell = (reason, cause) => {
    if (!end) told(...(end = [reason, cause]));
  };
  worker.on('error', (/** @type {any} */ error) => tell(uncaught(error), error));
  worker.on('exit', (/** @type {number} */ code) => tell(`it was ended from outside, or called process.exit (code ${code})`));
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
export function createWorker({ stackBytes, worker }) {
  // More than C's: a recursion had better end where the C stack does, in code of the application.
  // V8 ends it in any function, perhaps in one of the allocator's.
  const stackSizeMb = 6 + 2 * Math.ceil((stackBytes || MIB) / MIB);
  const { Worker } = builtin('worker_threads');
  return wrap(new Worker(new URL('./worker.cjs', import.meta.url), {
    ...worker,
    resourceLimits: { ...worker?.resourceLimits, stackSizeMb },
  }));
}

/** What the options depend on. */
export const variable = (/** @type {string} */ name) => process.env[name];

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
  const settings = readOptions({ cpus, variable }, options);
  // The workers come first: they load while all else does.
  /** @type {import('./host.js').ThreadWorker[]} */
  const early = [];
  try {
    while (isWasi(options.module) && early.length < settings.threads) early.push(createWorker(settings));
  } catch { /* whoever needs the missing one creates it again, and reports */ }
  try {
    const { host, openRuntime } = await import('./node-host.js');
    return await openRuntime({ ...host, createWorker: (s) => early.pop() ?? createWorker(s) }, options, settings);
  } finally {
    await Promise.all(early.map((worker) => worker.terminate()));
  }
}
