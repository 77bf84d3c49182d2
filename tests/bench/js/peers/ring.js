import { Worker } from 'node:worker_threads';

/** Words of the control block; ring_worker.js reads them too. */
export const CONTROL = { TAIL: 0, HEAD: 16, DONE: 32, PLACE: 48, LISTENING: 64, SLEEPING: 80, WORDS: 96 };
export const CAPACITY = 16384; // calls in flight, at most

/**
 * Empty calls by hand: a ring of job numbers on shared memory, a ring of those that are done, and
 * nothing else. Workers sleep on TAIL, the main thread on DONE; neither is woken while it is awake.
 */
export function open({ threads }) {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.WORDS));
  const jobs = new Int32Array(new SharedArrayBuffer(4 * CAPACITY));
  const done = new Int32Array(new SharedArrayBuffer(4 * CAPACITY));
  const workers = Array.from({ length: threads }, () => (
    new Worker(new URL('ring_worker.js', import.meta.url), { workerData: { control, jobs, done } })));
  const resolvers = new Array(CAPACITY);
  const free = Array.from({ length: CAPACITY }, (_, index) => index);
  let taken = 0;
  let open = 0;
  let listening = false;

  function drain() {
    const before = taken;
    for (let id; (id = Atomics.exchange(done, taken % CAPACITY, 0)) !== 0; taken++) {
      open--;
      free.push(id - 1);
      resolvers[id - 1]();
    }
    return taken - before;
  }

  async function listen() {
    listening = true;
    while (open > 0) {
      Atomics.store(control, CONTROL.LISTENING, 1);
      const seen = Atomics.load(control, CONTROL.DONE);
      if (drain() > 0) {
        Atomics.store(control, CONTROL.LISTENING, 0);
        continue;
      }
      const wait = Atomics.waitAsync(control, CONTROL.DONE, seen);
      if (wait.async) await wait.value;
      Atomics.store(control, CONTROL.LISTENING, 0);
    }
    Atomics.store(control, CONTROL.LISTENING, 0);
    listening = false;
  }

  return {
    run(name) {
      if (name !== 'empty') throw new Error(`the ring runs empty calls, not ${name}`);
      return new Promise((resolve) => {
        const id = free.pop();
        resolvers[id] = resolve;
        open++;
        const tail = Atomics.load(control, CONTROL.TAIL);
        Atomics.store(jobs, tail % CAPACITY, id + 1);
        Atomics.store(control, CONTROL.TAIL, tail + 1);
        if (Atomics.load(control, CONTROL.SLEEPING) > 0) Atomics.notify(control, CONTROL.TAIL, 1);
        if (!listening) listen();
      });
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
