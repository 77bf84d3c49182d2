import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** No pool: workers that say that they are there. */
export async function open({ threads }) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('bare_worker.cjs', import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return { here: true, close: () => Promise.all(workers.map((worker) => worker.terminate())) };
}
