import { Worker } from 'node:worker_threads';
import { transfer as move, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/** comlink has no pool: workers take calls in turn. */
export function open({ threads }) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('comlink_worker.js', import.meta.url)));
  const proxies = workers.map((worker) => wrap(nodeEndpoint(worker)));
  let next = 0;
  return {
    run: (name, args, { transfer } = {}) => (
      proxies[next++ % threads][name](...(transfer ? args.map((arg) => move(arg, transfer)) : args))),
    moves: true,
    cannotEnd: true,
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
