// A worker of the team in team.js.

import { workerData } from 'node:worker_threads';
import { sharedWork } from '../work/shared.js';
import { CONTROL } from './team.js';

const { workload, control, state, threads } = workerData;
const tasks = Object.values(sharedWork[workload].tasks);

for (let seen = 0; ;) {
  Atomics.wait(control, CONTROL.GENERATION, seen);
  const generation = Atomics.load(control, CONTROL.GENERATION);
  if (generation === seen) continue;
  seen = generation;
  const task = tasks[Atomics.load(control, CONTROL.PHASE)];
  const count = Atomics.load(control, CONTROL.COUNT);
  for (let i; (i = Atomics.add(control, CONTROL.NEXT, 1)) < count;) task(state, i);
  const finished = Atomics.add(control, CONTROL.FINISHED, 1) + 1;
  if (finished === threads) Atomics.notify(control, CONTROL.FINISHED);
}
