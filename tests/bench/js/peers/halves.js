import { Worker } from 'node:worker_threads';

/** Words of the control block; halves_worker.js reads them too. */
export const CONTROL = { ROUND: 0, LEFT: 16, WORDS: 32 };

/**
 * The least code that doubles an array on shared memory with all workers: each has its part, sleeps
 * on ROUND and counts LEFT down; the last one to end wakes the main thread.
 */
export function open({ threads }) {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.WORDS));
  const workers = Array.from({ length: threads }, (_, index) => (
    new Worker(new URL('halves_worker.js', import.meta.url), { workerData: { control, index, threads } })));
  return {
    array(Type, length) {
      const values = new Type(new SharedArrayBuffer(Type.BYTES_PER_ELEMENT * length));
      for (const worker of workers) worker.postMessage(values);
      return values;
    },
    async run() { // the newest array
      Atomics.store(control, CONTROL.LEFT, threads);
      Atomics.add(control, CONTROL.ROUND, 1);
      Atomics.notify(control, CONTROL.ROUND);
      for (let left; (left = Atomics.load(control, CONTROL.LEFT)) > 0;) {
        const wait = Atomics.waitAsync(control, CONTROL.LEFT, left);
        if (wait.async) await wait.value;
      }
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
