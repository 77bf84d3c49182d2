import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { doubleSlice } from '../tasks.js';
import { CONTROL } from './halves.js';

const { control, index, threads } = workerData;
let values;

for (let round = 0; ; round++) {
  while (Atomics.load(control, CONTROL.ROUND) === round) Atomics.wait(control, CONTROL.ROUND, round);
  for (let one; (one = receiveMessageOnPort(parentPort)) !== undefined;) values = one.message;
  const part = (i) => Math.floor(values.length * i / threads);
  doubleSlice(part(index), part(index + 1), values);
  Atomics.sub(control, CONTROL.LEFT, 1);
  Atomics.notify(control, CONTROL.LEFT);
}
