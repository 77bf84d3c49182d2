// Tasks that fail, and say when: in nanoseconds, at `at[0]` (failures.js).

import { threadId } from 'node:worker_threads';

const now = () => Number(process.hrtime.bigint());

export { meet } from './tasks.js';

export function fail(at) {
  at[0] = now();
  throw new RangeError('thrown by the task');
}

export function exit(at) {
  at[0] = now();
  process.exit(3);
}

/** Each call comes nearer to the end of the stack. */
export function overflow(at) {
  at[0] = now();
  return 1 + overflow(at);
}

/** The last round before the end of the memory dates it. */
export function exhaust(at) {
  for (const kept = []; ; kept.push(new Array(1000).fill(kept.length))) at[0] = now();
}

export function loop() {
  for (;;);
}

/** Says which worker it is in, and stays there. */
export function hang(at) {
  at[0] = threadId;
  loop();
}
