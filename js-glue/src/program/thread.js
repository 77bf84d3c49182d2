import { failureOf } from '../overrun.js';
import { endOnce, stayUnlessEnding } from './ending.js';

/**
 * To a worker: run a thread; number 0 is main.
 * @typedef {object} ProgramMessage
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} [memory]  shared; default: the module's own
 * @property {number} thread
 * @property {number} argument
 * @property {ProgramSettings} settings
 *
 * @typedef {object} ProgramSettings
 * @property {number} cpus
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {SharedArrayBuffer} threadIds
 * @property {SharedArrayBuffer} table  of open files; of a small program only that it ends
 * @property {string[]} [preopens]
 * @property {number[]} [types]  of a small program, the kinds of its three streams
 * @property {WebAssembly.Memory} [files]  of formatFiles
 * @property {SharedArrayBuffer} [streams]
 *
 * @typedef {{ name: string, message: string, stack?: string }} Failure
 *
 * From a worker.
 * @typedef {{ type: 'program:exit', code: number } | { type: 'program:failed', thread: number, error: Failure }
 *   | { type: 'program:idle' } | { type: 'program:spawn', thread: number, argument: number }
 *   | { type: 'program:output' } | { type: 'program:input' }} ProgramReport
 */

/** Of the table's words: not 0 once the program is ending. */
export const ENDING = 0;

/**
 * What a thread's imports need of it.
 * @typedef {object} ThreadLink
 * @property {(argument: number) => number} spawn
 * @property {(code: number) => never} exit  of the whole program
 * @property {() => void} resume
 * @property {() => WebAssembly.Instance} instance
 */

/**
 * Runs main or another thread of a program, in a worker, mostly to its end.
 *
 * @param {(report: any) => void} post  a ProgramReport
 * @param {ProgramMessage} message
 * @param {(link: ThreadLink) => WebAssembly.Imports} makeImports
 */
export function runThread(post, { module, thread, argument, settings }, makeImports) {
  const words = new Int32Array(settings.table);
  const ids = new Int32Array(settings.threadIds);
  /** @type {WebAssembly.Instance} */
  let instance;
  /** @type {any} */
  let exports;

  /** The first one to end the program tells how; nobody goes on. @param {ProgramReport} report  @returns {never} */
  function end(report) {
    if (endOnce(words, ENDING)) post(report);
    for (;;) stayUnlessEnding(words, ENDING);
  }

  /** @param {() => void} run  from the thread's start or an event, mostly to its end */
  function go(run) {
    try {
      run();
      if (thread === 0) end({ type: 'program:exit', code: 0 });
      post({ type: 'program:idle' });
    } catch (error) {
      if (error === 'unwind') return; // guard.js will resume it
      end({ type: 'program:failed', thread, error: failureOf(error, exports) });
    }
  }

  go(() => {
    instance = new WebAssembly.Instance(module, makeImports({
      spawn(inner) {
        stayUnlessEnding(words, ENDING);
        const id = Atomics.add(ids, 0, 1);
        post({ type: 'program:spawn', thread: id, argument: inner });
        return id;
      },
      exit: (code) => end({ type: 'program:exit', code }),
      resume: () => go(() => exports.weft_thread_resume(argument)),
      instance: () => instance,
    }));
    exports = instance.exports;
    if (thread !== 0) {
      exports.wasi_thread_start(thread, argument);
    } else {
      exports.weft_main_may_sleep?.(1);
      exports._start();
    }
  });
}
