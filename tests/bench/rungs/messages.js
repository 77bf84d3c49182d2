// Rungs 2 to 5: work that travels by message.

import { plans } from '../work/messages.js';
import { openPool, openProcess, openWorker } from './pool.js';

const skip = (why) => ({ skip: why });

/** Opens a rung on a pool that stays alive between runs. */
function openWarm(workload, input, threads, how, openMember) {
  const plan = plans[workload](input, threads, how);
  const pool = openPool(threads, openMember);
  return {
    threads,
    reset: plan.reset,
    run: async () => plan.join(await pool.run(workload, plan.pieces())),
    close: () => pool.close(),
  };
}

/** One process per task: forked, given all of its pieces in one message, ended. */
function openCold(workload, input, threads) {
  const plan = plans[workload](input, threads, 'process');
  let endings = []; // of processes that have answered: not on the clock
  const oneTask = (pieces) => new Promise((resolve, reject) => {
    const child = openProcess();
    child.listen(({ answer, error }) => {
      endings.push(child.close());
      if (error) reject(new Error(error));
      else resolve(answer);
    }, reject);
    child.post({ id: 0, workload, pieces });
  });
  return {
    threads,
    cold: true,
    async reset() {
      await Promise.all(endings);
      endings = [];
      plan.reset?.();
    },
    async run() {
      const pieces = plan.pieces();
      const deal = (task) => pieces.filter((_, i) => i % threads === task);
      const tasks = Array.from({ length: threads }, (_, task) => oneTask(deal(task)));
      const answers = [];
      (await Promise.all(tasks)).forEach((list, task) => {
        list.forEach((answer, i) => { answers[i * threads + task] = answer; });
      });
      return plan.join(answers);
    },
    close: () => Promise.all(endings),
  };
}

const noPlan = (workload) => (plans[workload] ? null
  : skip('this workload compares compilers only'));

export const messageRungs = [
  {
    id: 'fork',
    title: 'fork per task',
    open: (workload, input, { threads }) => noPlan(workload) ?? openCold(workload, input, threads),
  },
  {
    id: 'ipc',
    title: 'warm forks + IPC',
    open: (workload, input, { threads }) => noPlan(workload)
      ?? openWarm(workload, input, threads, 'process', openProcess),
  },
  {
    id: 'copy',
    title: 'worker_threads, copies',
    open: (workload, input, { threads }) => noPlan(workload)
      ?? openWarm(workload, input, threads, 'worker', () => openWorker()),
  },
  {
    id: 'transfer',
    title: 'worker_threads, transfer',
    open: (workload, input, { threads }) => noPlan(workload)
      ?? (workload === 'uts' ? skip('nothing to transfer: the messages are tiny')
        : openWarm(workload, input, threads, 'worker', () => openWorker({ transfer: true }))),
  },
];
