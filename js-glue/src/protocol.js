/** Messages between the threads of one runtime. Foreign messages pass by. */

/**
 * Main thread to worker: make an instance, then run the thread.
 * @typedef {object} StartMessage
 * @property {'weft:start'} type
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {number} thread  id from `wasi.thread-spawn`
 * @property {number} argument  its argument
 * @property {boolean} [follows]  the thread has died in another worker: go on in its place
 * @property {ThreadSettings} settings
 */

/**
 * What every instance of one module is told alike.
 * @typedef {object} ThreadSettings
 * @property {number} cpus
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {SharedArrayBuffer} [threadIds]  one word: the next id for `wasi.thread-spawn`;
 *   workers have one
 */

/**
 * Worker to main thread.
 *
 * - `loaded`: the worker's modules are loaded; in a browser it holds this lock as long as it
 *   lives
 * - `ready`: the thread has entered the loop of a weft worker
 * - `signal`: jobs have finished (where `Atomics.waitAsync` is missing)
 * - `exiting`: process.exit was called in the worker, where `error` was made
 * - `ended`: the thread has left that loop for good
 * - `exited`: the thread's function returned
 * - `failed`: the thread could not start, or trapped outside every guard
 * - `spawn`: start another thread
 * - `imported`: a module of tasks is loaded, and exports these functions, or could not be;
 *   the error is encoded (wire.js)
 *
 * @typedef {{ type: 'weft:signal' | 'weft:ended' }
 *   | { type: 'weft:loaded', lock?: string }
 *   | { type: 'weft:ready', worker: number }
 *   | { type: 'weft:exiting', code: number, error: ErrorRecord }
 *   | { type: 'weft:exited', argument: number }
 *   | { type: 'weft:failed', argument: number, error: ErrorRecord }
 *   | { type: 'weft:imported', worker: number, index: number, attempt: number, names?: string[], error?: Uint8Array }
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
