import { instantiate } from './imports.js';
import { failureOf } from './overrun.js';

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
export function runThread(host, { module, memory, thread, argument, follows, settings }) {
  const { cpus, args, env, threadIds } = settings;
  const ids = new Int32Array(/** @type {SharedArrayBuffer} */ (threadIds));
  /** @type {any} */
  let exports;

  /** @param {() => void} run  goes on with the thread, mostly to its end */
  function go(run) {
    try {
      run();
      host.post({ type: 'weft:exited', argument });
    } catch (error) {
      if (error === 'unwind') return; // guard.js will resume it
      host.post({ type: 'weft:failed', argument, error: failureOf(error, exports) });
    }
  }

  go(() => {
    ({ exports } = instantiate({
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
      follows,
      resume: () => go(() => exports.weft_thread_resume(argument)),
    }));
    if (follows) exports.weft_thread_follow(argument);
    else exports.wasi_thread_start(thread, argument);
  });
}
