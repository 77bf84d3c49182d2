import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';

export function open({ threads }) {
  const pool = workerpool.pool(fileURLToPath(new URL('workerpool_worker.js', import.meta.url)), {
    minWorkers: threads, maxWorkers: threads, workerType: 'thread',
  });
  return {
    run(name, args, { transfer, timeoutMs } = {}) {
      const promise = pool.exec(name, args, transfer && { transfer });
      return timeoutMs ? promise.timeout(timeoutMs) : promise;
    },
    moves: true,
    close: () => pool.terminate(true),
  };
}
