import { Piscina } from 'piscina';

export function open({ threads }) {
  const pool = new Piscina({
    filename: new URL('piscina_worker.js', import.meta.url).href,
    minThreads: threads, maxThreads: threads, maxQueue: Infinity,
  });
  return {
    run: (name, args, { transfer, timeoutMs } = {}) => pool.run(args, {
      name, transferList: transfer, signal: timeoutMs && AbortSignal.timeout(timeoutMs),
    }),
    moves: true,
    close: () => pool.destroy(),
  };
}
