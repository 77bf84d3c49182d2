import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const MODULE = `${process.env.WEFT_BENCH_BUILD}/wasi/tests/bench/js/bench_js.wasm`;

/** No pool: workers that say that they are there. */
export async function open({ threads }) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('bare_worker.cjs', import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return { here: true, close: () => Promise.all(workers.map((worker) => worker.terminate())) };
}

/** The same, and each has made its instance of a module on shared memory: no less does for wasm. */
export async function openWasm({ threads }) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('bare_worker.cjs', import.meta.url)));
  const module = new WebAssembly.Module(readFileSync(MODULE));
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared: true });
  for (const worker of workers) worker.postMessage({ module, memory });
  await Promise.all(workers.map((worker) => new Promise((resolve) => {
    worker.on('message', (message) => message === 'made' && resolve());
  })));
  return { here: true, close: () => Promise.all(workers.map((worker) => worker.terminate())) };
}
