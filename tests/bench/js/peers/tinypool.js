import { Tinypool } from 'tinypool';

export function open({ threads }) {
  const pool = new Tinypool({
    filename: new URL('tinypool_worker.js', import.meta.url).href,
    minThreads: threads, maxThreads: threads,
  });
  return {
    run: (name, args, { transfer, timeoutMs } = {}) => pool.run(args, {
      name, transferList: transfer, signal: timeoutMs ? AbortSignal.timeout(timeoutMs) : null,
    }),
    moves: true,
    close: () => pool.destroy(),
  };
}
