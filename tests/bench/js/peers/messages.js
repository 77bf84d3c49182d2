import { Worker } from 'node:worker_threads';

/** Raw postMessage, a number for each call; what one writes without a library. */
export function open({ threads }) {
  const pending = new Map();
  let id = 0;
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('messages_worker.js', import.meta.url));
    worker.on('message', ({ id: done, result, error }) => {
      const { resolve, reject } = pending.get(done);
      pending.delete(done);
      if (error) reject(error);
      else resolve(result);
    });
    worker.on('error', (error) => {
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    });
    return worker;
  });
  return {
    run: (name, args, { transfer } = {}) => new Promise((resolve, reject) => {
      pending.set(++id, { resolve, reject });
      workers[id % threads].postMessage({ id, name, args }, transfer);
    }),
    moves: true,
    cannotEnd: true,
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
