import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';

export function open({ threads }) {
  const pool = new FixedThreadPool(threads, fileURLToPath(new URL('poolifier_worker.js', import.meta.url)), {
    errorHandler: () => {}, // a task that fails tells by its promise
  });
  return {
    run: (name, args, { transfer, timeoutMs } = {}) => (
      pool.execute(args, name, timeoutMs && AbortSignal.timeout(timeoutMs), transfer)),
    moves: false, // a result cannot be moved back
    close: () => pool.destroy(),
  };
}
