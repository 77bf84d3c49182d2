/** Messages between the threads of one runtime. Foreign messages pass by. */

/**
 * Main thread to worker: make an instance, then run the thread.
 * @typedef {object} StartMessage
 * @property {'weft:start'} type
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {number} thread  id from `wasi.thread-spawn`
 * @property {number} argument  its argument
 * @property {ThreadSettings} settings
 */

/**
 * What every instance of one module is told alike.
 * @typedef {object} ThreadSettings
 * @property {number} cpus
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {SharedArrayBuffer} threadIds  one word: the next id for `wasi.thread-spawn`
 */

/**
 * Worker to main thread.
 *
 * - `loaded`: the worker's modules are loaded
 * - `ready`: the thread has entered the loop of a weft worker
 * - `signal`: jobs have finished (where `Atomics.waitAsync` is missing)
 * - `ended`: the thread has left that loop for good
 * - `exited`: the thread's function returned
 * - `failed`: the thread could not start, or trapped outside every guard
 * - `spawn`: start another thread
 *
 * @typedef {{ type: 'weft:loaded' | 'weft:ready' | 'weft:signal' | 'weft:ended' }
 *   | { type: 'weft:exited', argument: number }
 *   | { type: 'weft:failed', argument: number, error: ErrorRecord }
 *   | { type: 'weft:spawn', thread: number, argument: number }} WorkerMessage
 */

/**
 * An error on its way between threads, where its class is lost.
 * @typedef {{ name: string, message: string, stack?: string }} ErrorRecord
 */

/**
 * True for a message of ours.
 *
 * @param {unknown} message
 * @returns {message is { type: string }}
 */
export function isOurs(message) {
  const type = /** @type {{ type?: unknown } | null} */ (message)?.type;
  return typeof type === 'string' && type.startsWith('weft:');
}
