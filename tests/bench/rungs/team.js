// Rung 6: a team of workers on shared memory, driven by Atomics alone. The workers
// sleep on a word, take indices with Atomics.add, and the last to finish wakes the
// main thread, which waits with Atomics.waitAsync. No message passes while it runs.

import { Worker } from 'node:worker_threads';
import { sharedWork } from '../work/shared.js';

/** Words of the control block; team_worker.js reads them too. */
export const CONTROL = { GENERATION: 0, PHASE: 1, COUNT: 2, NEXT: 3, FINISHED: 4, WORDS: 5 };

const WORKER = new URL('./team_worker.js', import.meta.url);

/** Resolves when word `index` of `control` has become `wanted`. */
async function waitFor(control, index, wanted) {
  for (;;) {
    const seen = Atomics.load(control, index);
    if (seen === wanted) return;
    const waiting = Atomics.waitAsync(control, index, seen);
    if (waiting.async) await waiting.value;
  }
}

/** Starts the team; `state` is what its tasks see. */
function openTeam(workload, state, threads) {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.WORDS));
  const phases = Object.keys(sharedWork[workload].tasks);
  let fail;
  const failed = new Promise((_, reject) => { fail = reject; });
  failed.catch(() => {}); // reported by the phase that races with it
  const workers = Array.from({ length: threads }, () => (
    new Worker(WORKER, { workerData: { workload, control, state, threads } })));
  workers.forEach((worker) => worker.on('error', fail));
  return {
    threads,
    phase(name, count) {
      Atomics.store(control, CONTROL.PHASE, phases.indexOf(name));
      Atomics.store(control, CONTROL.COUNT, count);
      Atomics.store(control, CONTROL.NEXT, 0);
      Atomics.store(control, CONTROL.FINISHED, 0);
      Atomics.add(control, CONTROL.GENERATION, 1);
      Atomics.notify(control, CONTROL.GENERATION);
      return Promise.race([waitFor(control, CONTROL.FINISHED, threads), failed]);
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

export const sharedRung = {
  id: 'sab',
  title: 'SharedArrayBuffer + Atomics',
  open(workload, input, { threads }) {
    const work = sharedWork[workload];
    if (!work) return { skip: 'this workload compares compilers only' };
    const state = work.prepare(input, threads);
    const team = openTeam(workload, state, threads);
    return {
      threads,
      reset: work.reset && (() => work.reset(state, input)),
      run: () => work.run(team, state),
      close: () => team.close(),
    };
  },
};
