import { createWasi } from '../wasi.js';
import { lockWord } from './ending.js';
import { runThread } from './thread.js';

/**
 * Programs that use no files and nothing of weft but threads: most of what a host offers need
 * not even be loaded for them.
 */
const CALLS = {
  env: ['memory'],
  wasi: ['thread-spawn'],
  weft: ['now', 'cpu_count'],
  wasi_snapshot_preview1: ['args_get', 'args_sizes_get', 'environ_get', 'environ_sizes_get', 'clock_res_get', 'clock_time_get',
    'random_get', 'sched_yield', 'proc_exit', 'fd_write', 'fd_close', 'fd_seek', 'fd_fdstat_get', 'fd_read'],
};

const EXIT_BROKEN_PIPE = 141;
/** Words beside that of the program's end. */
const LOCK = 1;
export const SMALL_BYTES = 8;

/** @param {{ module: string, name: string }[]} imports  of a program */
export function isSmall(imports) {
  return imports.every(({ module, name }) => /** @type {Record<string, string[]>} */ (CALLS)[module]?.includes(name));
}

/**
 * Runs a thread of a small program.
 *
 * @param {object} host
 * @param {(report: import('./thread.js').ProgramReport) => void} host.post
 * @param {() => number} host.now
 * @param {(fd: 1 | 2, bytes: Uint8Array) => void} host.write
 * @param {(target: Uint8Array) => number} host.read  of standard input; 0 at its end
 * @param {import('./thread.js').ProgramMessage} message
 */
export function runSmallThread({ post, now, write, read }, message) {
  const memory = /** @type {WebAssembly.Memory} */ (message.memory);
  const { cpus, args, env, types = [], table } = message.settings;
  const words = new Int32Array(table);
  runThread(post, message, ({ spawn, exit }) => {
    const view = new DataView(memory.buffer);
    const wasi = createWasi({
      memory, now, args, env,
      write(fd, bytes) {
        // A pipe may take a part only: no other thread's comes between.
        const unlock = lockWord(words, LOCK);
        try {
          write(fd, bytes);
        } catch (error) {
          if (/** @type {any} */ (error).code === 'EPIPE') exit(EXIT_BROKEN_PIPE);
          throw error;
        } finally {
          unlock();
        }
      },
    });
    const { fd_fdstat_get: describe } = wasi;
    return {
      env: { memory },
      wasi: { 'thread-spawn': spawn },
      weft: { now, cpu_count: () => cpus },
      wasi_snapshot_preview1: {
        ...wasi,
        proc_exit: exit,
        fd_fdstat_get(/** @type {number} */ fd, /** @type {number} */ target) {
          const answer = describe(fd, target);
          if (answer === 0) view.setUint8(target >>> 0, types[fd]);
          return answer;
        },
        fd_read(/** @type {number} */ fd, /** @type {number} */ vectors, /** @type {number} */ count, /** @type {number} */ used) {
          if (fd !== 0) return 8; // EBADF
          const [start, length] = [0, 4].map((at) => (count > 0 ? view.getUint32((vectors >>> 0) + at, true) : 0));
          view.setUint32(used >>> 0, length > 0 ? read(new Uint8Array(memory.buffer, start, length)) : 0, true);
          return 0;
        },
      },
    };
  });
}
