// How soon a call rejects after its failure: a process for each way to fail. Prints a line of JSON.
//
//     node failures.js KIND SAMPLES

import { createRequire } from 'node:module';
import { percentile } from './percentile.js';

const GRACE_MS = 50; // then the worker of a call that heeds no deadline is replaced
const DEADLINE_MS = 20;
const ANSWER_MS = 30_000;
const DEPTH = 100_000_000;

/** Every worker of Node that is created. @type {import('node:worker_threads').Worker[]} */
const workers = [];
const threads = createRequire(import.meta.url)('node:worker_threads');
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
    this.on('exit', () => workers.splice(workers.indexOf(this), 1));
  }
};
const { createRuntime } = await import('../../../js-glue/dist/index.js');

const now = () => Number(process.hrtime.bigint());
const rt = await createRuntime({
  module: `${process.env.WEFT_BENCH_BUILD}/wasi/tests/bench/js/bench_faults.wasm`, threads: 2, graceMs: GRACE_MS,
});
const tasks = await rt.load(new URL('failing_tasks.js', import.meta.url));
/** When it happened, in nanoseconds of the clock that all threads share. */
const at = rt.array(Float64Array, 1);

/** A task says when it fails. */
const task = (name) => () => rt.call(tasks[name], at);

/** Functions of C fail as soon as they are called. */
const inC = (name, ...args) => () => {
  at[0] = now();
  return rt.call(name, ...args);
};

async function killed() {
  at[0] = 0;
  const call = rt.call(tasks.hang, at);
  call.catch(() => {}); // it is awaited below
  while (at[0] === 0) await new Promise(setImmediate);
  const victim = workers.find(({ threadId }) => threadId === at[0]);
  at[0] = now();
  victim.terminate();
  return call;
}

function deadline() {
  at[0] = now() + DEADLINE_MS * 1e6;
  return rt.with({ timeoutMs: DEADLINE_MS }).call(tasks.loop);
}

/** Each starts a call that fails. */
const KINDS = {
  trap: [inC('bench_trap'), 'WEFT_ERR_TRAP'],
  throw: [task('fail'), 'WEFT_ERR_THROWN'],
  'overflow-c': [inC('bench_overflow', DEPTH), 'WEFT_ERR_STACK'],
  'overflow-js': [task('overflow'), 'WEFT_ERR_STACK'],
  memory: [task('exhaust'), 'WEFT_ERR_WORKER'],
  exit: [task('exit'), 'WEFT_ERR_WORKER'],
  killed: [killed, 'WEFT_ERR_WORKER'],
  deadline: [deadline, 'WEFT_ERR_TIMEOUT'],
};

async function within(promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(reject, ANSWER_MS, new Error('no answer')); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Nanoseconds from the event to the rejection; afterwards every worker must work. */
async function sample([begin, code]) {
  const call = begin();
  let error;
  try {
    await within(call);
  } catch (caught) {
    error = caught;
  }
  const took = now() - at[0];
  if (error?.code !== code) throw new Error(`${code} expected, got ${error?.stack}`);
  const met = rt.array(Int32Array, 1);
  await within(Promise.all([1, 2].map(() => rt.call(tasks.meet, met, 2))));
  rt.free(met);
  return took;
}

const [kind, count] = process.argv.slice(2);
try {
  const samples = [];
  while (samples.length < Number(count)) samples.push(await sample(KINDS[kind]));
  samples.sort((a, b) => a - b);
  console.log(JSON.stringify({ p50: percentile(samples, 0.5), most: samples.at(-1) }));
} catch (error) {
  console.log(JSON.stringify({ error: `${error.code ?? error.name}: ${error.message}` }));
}
process.exit(0);
