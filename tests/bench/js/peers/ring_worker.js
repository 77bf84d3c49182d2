import { workerData } from 'node:worker_threads';
import { CAPACITY, CONTROL } from './ring.js';

const SPINS = 1000;
const { control, jobs, done } = workerData;

for (;;) {
  // In this order: HEAD never passes TAIL, so it is not beyond a TAIL that is read after it.
  const head = Atomics.load(control, CONTROL.HEAD);
  const tail = Atomics.load(control, CONTROL.TAIL);
  if (head === tail) {
    let spins = 0;
    while (spins < SPINS && Atomics.load(control, CONTROL.TAIL) === tail) spins++;
    if (spins < SPINS) continue;
    Atomics.add(control, CONTROL.SLEEPING, 1);
    Atomics.wait(control, CONTROL.TAIL, tail);
    Atomics.sub(control, CONTROL.SLEEPING, 1);
    continue;
  }
  // Nobody overwrites the place before the main thread has seen this job done.
  const id = Atomics.load(jobs, head % CAPACITY);
  if (Atomics.compareExchange(control, CONTROL.HEAD, head, head + 1) !== head) continue;
  const place = Atomics.add(control, CONTROL.PLACE, 1);
  Atomics.store(done, place % CAPACITY, id);
  Atomics.add(control, CONTROL.DONE, 1); // after the store: who has seen the number finds the job
  if (Atomics.load(control, CONTROL.LISTENING) === 1) Atomics.notify(control, CONTROL.DONE);
}
