import { parentPort } from 'node:worker_threads';
import { createImports } from '../src/imports.js';
import { now, write } from '../src/node-io.js';
import { createSystem } from './wasi/system.js';
import { Table } from './wasi/table.js';

/** A worker of `weft run`: runs the program's main, or one of its threads after the other. */
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const asleep = new Int32Array(new SharedArrayBuffer(4));

/** @param {import('./run.js').RunMessage} message */
function start({ module, memory, thread, argument, settings }) {
  const { cpus, args, env, preopens } = settings;
  const table = new Table(settings.table);
  const ids = new Int32Array(settings.threadIds);
  /** @type {WebAssembly.Instance} */
  let instance;
  /** @type {any} */
  let exports;

  /** The first one to end the program tells how; nobody goes on. @param {object} message  @returns {never} */
  function end(message) {
    if (table.end()) port.postMessage(message);
    for (;;) Atomics.wait(asleep, 0, 0);
  }

  /** @param {() => void} run  from the thread's start or an event, mostly to its end */
  function go(run) {
    try {
      run();
      if (thread === 0) end({ type: 'run:exit', code: 0 });
      port.postMessage({ type: 'run:idle' });
    } catch (error) {
      if (error === 'unwind') return; // guard.js will resume it
      const { name, message, stack } = /** @type {Error} */ (error);
      end({ type: 'run:failed', thread, error: { name, message, stack } });
    }
  }

  go(() => {
    const imports = createImports({
      module, memory: memory ?? new WebAssembly.Memory({ initial: 0 }), cpus, args, env, now, write,
      post: (message) => port.postMessage(message),
      spawn: (inner) => {
        table.check();
        const id = Atomics.add(ids, 0, 1);
        port.postMessage({ type: 'run:spawn', thread: id, argument: inner });
        return id;
      },
      resume: () => go(() => exports.weft_thread_resume(argument)),
    }, () => instance);
    imports.wasi_snapshot_preview1 = /** @type {WebAssembly.ModuleImports} */ (createSystem({
      memory: () => memory ?? /** @type {WebAssembly.Memory} */ (instance.exports.memory),
      table, now, args, env, preopens,
      exit: (code) => end({ type: 'run:exit', code }),
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

port.on('message', start);
