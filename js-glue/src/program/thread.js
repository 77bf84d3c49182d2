import { createImports } from '../imports.js';
import { createSystem } from './system.js';
import { Table } from './table.js';

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
 * @property {string[]} preopens
 * @property {SharedArrayBuffer} table
 * @property {SharedArrayBuffer} threadIds
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

const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs main or another thread of a program, in a worker, mostly to its end.
 *
 * @param {object} host
 * @param {(report: any) => void} host.post  a ProgramReport, and what guard.js posts
 * @param {() => number} host.now
 * @param {(fd: 1 | 2, bytes: Uint8Array) => void} host.write
 * @param {import('./files.js').Files} host.files
 * @param {ProgramMessage} message
 */
export function runProgramThread({ post, now, write, files }, { module, memory, thread, argument, settings }) {
  const { cpus, args, env, preopens } = settings;
  const table = new Table(settings.table);
  const ids = new Int32Array(settings.threadIds);
  /** @type {WebAssembly.Instance} */
  let instance;
  /** @type {any} */
  let exports;

  /** The first one to end the program tells how; nobody goes on. @param {ProgramReport} report  @returns {never} */
  function end(report) {
    if (table.end()) post(report);
    for (;;) Atomics.wait(asleep, 0, 0);
  }

  /** @param {() => void} run  from the thread's start or an event, mostly to its end */
  function go(run) {
    try {
      run();
      if (thread === 0) end({ type: 'program:exit', code: 0 });
      post({ type: 'program:idle' });
    } catch (error) {
      if (error === 'unwind') return; // guard.js will resume it
      const { name, message, stack } = /** @type {Error} */ (error);
      end({ type: 'program:failed', thread, error: { name, message, stack } });
    }
  }

  go(() => {
    const imports = createImports({
      module, memory: memory ?? new WebAssembly.Memory({ initial: 0 }), cpus, args, env, now, write, post,
      spawn: (inner) => {
        table.check();
        const id = Atomics.add(ids, 0, 1);
        post({ type: 'program:spawn', thread: id, argument: inner });
        return id;
      },
      resume: () => go(() => exports.weft_thread_resume(argument)),
    }, () => instance);
    imports.wasi_snapshot_preview1 = /** @type {WebAssembly.ModuleImports} */ (createSystem({
      memory: () => memory ?? /** @type {WebAssembly.Memory} */ (instance.exports.memory),
      table, files, now, args, env, preopens,
      exit: (code) => end({ type: 'program:exit', code }),
    }));
    instance = new WebAssembly.Instance(module, imports);
    exports = instance.exports;
    if (thread !== 0) {
      exports.wasi_thread_start(thread, argument);
    } else {
      exports.weft_main_may_sleep?.(1);
      exports._start();
    }
  });
}
