import { createGuard } from './guard.js';
import { createWasi, notSupported } from './wasi.js';

/**
 * What one instance of a `wasi` flavoured module gets from its thread.
 * @typedef {object} ImportOptions
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {number} cpus  CPUs that this process may use
 * @property {() => number} now  nanoseconds of a monotonic clock, one origin for all threads
 * @property {(fd: 1 | 2, bytes: Uint8Array) => void} write  to standard output or error
 * @property {(argument: number) => number} spawn  `wasi.thread-spawn`
 * @property {(message: import('./protocol.js').WorkerMessage) => void} [post]  to the main
 *   thread; default: dropped
 * @property {(guard: import('./guard.js').Guard) => void} [onGuard]  is given this instance's
 * @property {() => void} [resume]  runs the thread to its end; workers have one
 * @property {boolean} [follows]  the thread is one that has died in another worker
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 */

/**
 * Instantiates a module of the `wasi` flavour on the calling thread, without calling any
 * of its functions. The main instance must exist and be initialised before any other.
 *
 * @param {ImportOptions} options
 * @returns {WebAssembly.Instance}
 */
export function instantiate(options) {
  /** @type {WebAssembly.Instance} */
  let instance;
  const imports = createImports(options, () => instance);
  instance = new WebAssembly.Instance(options.module, imports);
  return instance;
}

/**
 * Builds the whole import object of wasm/ABI.md.
 *
 * @param {ImportOptions} options
 * @param {() => WebAssembly.Instance} instance  the instance that gets these imports
 * @returns {WebAssembly.Imports}
 */
export function createImports(options, instance) {
  const { module, memory, cpus, now, write, spawn, args, env } = options;
  const exported = (/** @type {string} */ name) => /** @type {any} */ (instance().exports[name]);
  const own = createGuard({
    memory: () => memory,
    find: exported,
    stackSave: () => exported('__stack_pointer').value,
    stackRestore: (pointer) => {
      exported('__stack_pointer').value = pointer;
    },
    post: options.post ?? (() => {}),
    load: (url) => import(/* @vite-ignore */ /* webpackIgnore: true */ url),
    resume: options.resume ?? (() => {}),
    follows: options.follows,
  });
  const { guard, invoke, body, signal } = own;
  options.onGuard?.(own);
  /** @type {ReturnType<typeof createWasi> | undefined} made for the first call: most programs make none */
  let wasi;
  /** @type {Record<string, (...values: any[]) => any>} */
  const calls = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from !== 'wasi_snapshot_preview1') continue;
    calls[name] = (...values) => ((wasi ??= createWasi({ memory, write, now, args, env }))[name] ?? notSupported)(...values);
  }
  return {
    env: { memory },
    wasi: { 'thread-spawn': spawn },
    weft: { now, cpu_count: () => cpus, guard, invoke, body, signal },
    wasi_snapshot_preview1: calls,
  };
}
