import { Worker } from 'node:worker_threads';
import { write } from '../src/node-write-rare.js';

const EXIT_TRAP = 134;

/** A worker that runs threads. As one CommonJS file it starts sooner. */
export function hireWorker() {
  return new Worker(new URL('./run-worker.cjs', import.meta.url), { trackUnmanagedFds: false });
}

/**
 * Starts a program. The process ends with it.
 *
 * @param {import('../src/program/thread.js').ProgramMessage} main  @param {string} file
 * @param {Worker[]} [idle]  that have been hired
 */
export function serveProgram({ module, memory, settings }, file, idle = []) {
  /** @param {number} thread  @param {import('../src/program/thread.js').Failure} error */
  function fail(thread, { name, message, stack }) {
    // Out before the process ends.
    write(2, new TextEncoder().encode(`weft: ${file}: ${thread === 0 ? 'main' : `thread ${thread}`} failed\n${stack ?? `${name}: ${message}`}\n`));
    process.exit(EXIT_TRAP);
  }

  /** @param {Worker} worker */
  function watch(worker) {
    worker.on('error', (error) => fail(0, error));
    worker.on('message', (report) => {
      if (report.type === 'program:exit') process.exit(report.code);
      if (report.type === 'program:failed') fail(report.thread, report.error);
      if (report.type === 'program:idle') idle.push(worker);
      if (report.type === 'program:spawn') start(report.thread, report.argument);
    });
    return worker;
  }

  /** @param {number} thread  @param {number} argument */
  function start(thread, argument) {
    (idle.pop() ?? watch(hireWorker())).postMessage({ module, memory, thread, argument, settings });
  }

  idle.forEach(watch);
  start(0, 0);
}
