import { instantiate } from './imports.js';

/**
 * @typedef {object} ThreadHost
 * @property {(fd: 1 | 2, bytes: Uint8Array) => void} write
 * @property {() => number} now
 * @property {(message: import('./protocol.js').WorkerMessage) => void} post
 */

/**
 * Runs one thread of C from its start to its end, in a worker of its own.
 *
 * @param {ThreadHost} host
 * @param {import('./protocol.js').StartMessage} message
 */
export function runThread(host, { module, memory, thread, argument, settings }) {
  const { cpus, args, env, threadIds } = settings;
  const ids = new Int32Array(threadIds);
  try {
    const instance = instantiate({
      module,
      memory,
      cpus,
      args,
      env,
      now: host.now,
      write: host.write,
      post: host.post,
      spawn: (inner) => {
        const id = Atomics.add(ids, 0, 1);
        host.post({ type: 'weft:spawn', thread: id, argument: inner });
        return id;
      },
    });
    /** @type {Function} */ (instance.exports.wasi_thread_start)(thread, argument);
    host.post({ type: 'weft:exited', argument });
  } catch (error) {
    const { name, message, stack } = /** @type {Error} */ (error);
    host.post({ type: 'weft:failed', argument, error: { name, message, stack } });
  }
}
