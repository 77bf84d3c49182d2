// Runs a WASI command (a program with main) on weft's thread layer:
//
//     node wasi-run.js program.wasm [argument...]
//
// The program gets the arguments and the environment, and its exit code becomes ours. main() runs
// in a worker, so that this thread stays free to start threads for whoever asks. A trap outside of
// weft's guard ends everything with exit code 134, a program that takes longer than WEFT_RUN_SECONDS
// (default 110) with 124.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { instantiate } from '../../js-glue/src/imports.js';
import { failureOf } from '../../js-glue/src/overrun.js';
import { now } from '../../js-glue/src/node-io.js';
import { write } from '../../js-glue/src/node-write-rare.js';

const PAGES_DEFAULT = 4096; // 256 MiB
const PAGES_MAX = 65536;
const EXIT_TIMEOUT = 124;
const EXIT_TRAP = 134;

if (isMainThread) serve();
else runMain();

/** Prints a line that is out even if the process ends in the next moment. */
function say(text) {
  write(2, new TextEncoder().encode(`${text}\n`));
}

/** The process's own thread: starts the program, then a worker for every thread it asks for. */
function serve() {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) {
    say('usage: node wasi-run.js program.wasm [argument...]');
    process.exit(2);
  }
  const settings = {
    cpus: availableParallelism(),
    args: [file, ...args],
    env: { ...process.env },
    threadIds: new SharedArrayBuffer(4),
  };
  Atomics.store(new Int32Array(settings.threadIds), 0, 1);
  const module = new WebAssembly.Module(readFileSync(file));

  const seconds = Number(process.env.WEFT_RUN_SECONDS ?? 110);
  setTimeout(() => {
    say(`${file}: still running after ${seconds} s, given up`);
    process.exit(EXIT_TIMEOUT);
  }, seconds * 1000).unref();

  /** @type {WebAssembly.Memory} */
  let memory;
  const idle = [];

  function startThread({ thread, argument }) {
    const worker = idle.pop() ?? watch(new Worker(new URL('../../js-glue/src/worker.cjs', import.meta.url)));
    worker.postMessage({ type: 'weft:start', module, memory, thread, argument, settings });
  }

  function watch(worker) {
    worker.on('error', (error) => fail(error));
    worker.on('exit', (code) => fail(new Error(`a worker ended by itself with code ${code}`)));
    worker.on('message', (message) => {
      if (message.type === 'run:memory') memory = message.memory;
      if (message.type === 'run:exit') process.exit(message.code);
      if (message.type === 'weft:spawn') startThread(message);
      if (message.type === 'weft:exited') idle.push(worker);
      if (message.type === 'weft:failed') fail(message.error);
    });
    return worker;
  }

  watch(new Worker(fileURLToPath(import.meta.url), { workerData: { module, settings } }));
}

/** A thread failed for good: says how and ends the process. */
function fail(error) {
  const exit = /^exit\((\d+)\)/.exec(error.message);
  if (error.name === 'WasiExit' && exit) process.exit(Number(exit[1]));
  say(error.stack ?? `${error.name}: ${error.message}`);
  process.exit(EXIT_TRAP);
}

/** The program's main thread. */
function runMain() {
  const { module, settings } = workerData;
  const { cpus, args, env } = settings;
  const threadIds = new Int32Array(settings.threadIds);
  const post = (message) => parentPort.postMessage(message);
  const spawn = (argument) => {
    const thread = Atomics.add(threadIds, 0, 1);
    post({ type: 'weft:spawn', thread, argument });
    return thread;
  };
  let code = 0;
  let exports;
  try {
    const { instance, memory } = instantiateInEnough((memory) =>
      instantiate({ module, memory, cpus, args, env, now, write, post, spawn }));
    post({ type: 'run:memory', memory });
    ({ exports } = instance);
    exports.weft_main_may_sleep?.(1);
    instance.exports._start();
  } catch (error) {
    if (error.name === 'WasiExit') {
      code = error.status;
    } else {
      say(failureOf(error, exports).stack);
      code = EXIT_TRAP;
    }
  }
  post({ type: 'run:exit', code });
}

/** Makes the instance in 256 MiB of memory, or in the first doubling that its data fit into. */
function instantiateInEnough(make) {
  for (let pages = PAGES_DEFAULT; ; pages *= 2) {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    try {
      return { instance: make(memory), memory };
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError) || pages === PAGES_MAX) throw error;
    }
  }
}
