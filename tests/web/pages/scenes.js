// What the browser tests run, in a page and in a dedicated worker: the API as an application
// uses it. Each scene throws where something is wrong; its result is for the test to look at.

const site = new URL('../../../', import.meta.url); // of this page, tests/web/server.js
const { createRuntime, WeftError } = await import(new URL('js-glue/dist/browser.js', site).href);

const functions = new URL('built/wasi/fixtures/functions.wasm', site);
const taskFile = new URL('tests/js/fixtures/tasks.js', site);

function same(found, wanted, what = 'value') {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} where ${b} is right`);
}

/** The WeftError, with this code, that an action ends with. */
async function refused(code, action) {
  const error = await Promise.resolve().then(action).then(() => undefined, (reason) => reason);
  if (!(error instanceof WeftError) || error.code !== code) throw new Error(`${code} expected, got ${error?.stack ?? error}`);
  return error.message;
}

/** Resolves once `condition()` holds, looking again after each turn of the event loop. */
async function until(condition) {
  const end = performance.now() + 100_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not so after 100 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Runs with a runtime on the fixture functions; it ends with the scene. */
async function withRuntime(options, scene) {
  const rt = await createRuntime({ module: functions, memoryBytes: 64 * 2 ** 20, ...options });
  try {
    return await scene(rt);
  } finally {
    await rt.close({ cancel: true });
  }
}

/** Values whose sum depends on the order in which they are added. */
function noise(array) {
  let seed = 1;
  for (let i = 0; i < array.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    array[i] = (seed - 2 ** 31) * 2 ** (i % 40);
  }
  return array;
}

const alone = (rt) => rt.info.threads === 0;

export const scenes = {
  /** Every kind of argument and result. */
  call: (threads) => withRuntime({ threads }, async (rt) => {
    same(rt.info.threads, threads, 'threads');
    same(await rt.call('echo_i32', -7), -7);
    same(String(await rt.call('echo_i64', 2n ** 62n)), String(2n ** 62n));
    same(await rt.call('echo_f64', 0.1), 0.1);
    same(await rt.call('text_bytes', 'grüß'), 6);
    same(rt.string(await rt.call('greeting')).length > 0, true);
    const many = await Promise.all(Array.from({ length: 500 }, (_, i) => rt.call('echo_i32', i)));
    same(many.every((value, i) => value === i), true);
    await refused('WEFT_ERR_EXPORT', () => rt.call('echo_i23', 1));
    await refused('WEFT_ERR_POINTER', () => rt.call('sum_f64', new Float64Array(3), 3));
    const sum = await rt.call('sum_f64', noise(rt.array(Float64Array, 300_001)), 300_001);
    return { sum, threadsFrom: rt.info.threadsFrom, reason: rt.info.reason };
  }),

  /** The stock kernels, without naming a module. */
  algebra: async (threads) => {
    const rt = await createRuntime({ threads, memoryBytes: 64 * 2 ** 20 });
    const xs = noise(rt.array(Float64Array, 200_001));
    const result = { sum: await rt.sum(xs), mean: await rt.mean(xs), range: await rt.minmax(xs) };
    await rt.sort(xs);
    for (let i = 1; i < xs.length; i++) if (xs[i - 1] > xs[i]) throw new Error(`not sorted at ${i}`);
    await rt.close();
    return result;
  },

  /** Text, a file that is dropped, and a URL. */
  hash: async () => {
    const rt = await createRuntime({ threads: 2, memoryBytes: 64 * 2 ** 20 });
    const bytes = new Uint8Array(9_000_001).map((_, i) => i % 251);
    const seen = [];
    const digests = [
      await rt.hash('abc'),
      await rt.hash(bytes),
      await rt.hash(new File([bytes], 'dropped'), { onProgress: ({ done, total }) => seen.push([done, total]) }),
      await rt.hash(new URL('built/wasi/fixtures/functions.wasm', site)),
      await rt.hash(new Uint8Array(await (await fetch(functions)).arrayBuffer())),
    ];
    same(seen.at(-1), [bytes.length, bytes.length], 'progress');
    same(digests[2], digests[1], 'a File');
    same(digests[3], digests[4], 'a URL');
    await refused('WEFT_ERR_MODULE', () => rt.hash(new URL('built/none', site)));
    await rt.close();
    return digests[0];
  },

  /** Functions of a JavaScript module on the workers, and loops over them. */
  tasks: (threads) => withRuntime({ threads }, async (rt) => {
    const tasks = await rt.load(taskFile);
    same(await tasks.add(2, 3), 5);
    same(await tasks.echo({ deep: [1, 'two', new Date(3)] }), { deep: [1, 'two', new Date(3)] });
    if (!alone(rt)) same((await tasks.later('value')).value, 'value');
    const xs = rt.array(Float64Array, 10_000);
    await rt.forEach(xs.length, tasks.addIndex, xs, 2);
    same(xs.every((value, i) => value === 2 * i), true, 'forEach');
    const error = await tasks.throwAt(0, 3, 1).catch((reason) => reason);
    same([error.code, error.cause instanceof RangeError, error.cause?.message], ['WEFT_ERR_THROWN', true, 'index 1']);
    await refused('WEFT_ERR_MODULE', () => rt.load(new URL('none.js', site)));
  }),

  /** Locks and channels, which the page waits for without sleeping. */
  shared: () => withRuntime({ threads: 2 }, async (rt) => {
    const mutex = rt.mutex();
    const counter = rt.array(Int32Array, 1);
    const adding = [1, 2].map(() => rt.call('add_locked', mutex, counter, 20_000));
    for (let i = 0; i < 100; i++) await mutex.with(() => counter[0]++);
    await Promise.all(adding);
    same(counter[0], 40_100, 'counter');
    const channel = rt.channel(4, { raw: true });
    const sending = rt.call('send_range', channel, 1, 1000).then(() => channel.close());
    let total = 0;
    for await (const item of channel) total += item;
    await sending;
    same(total, 500_500, 'received');
  }),

  /** Abort, timeout and progress of calls that run. */
  control: (threads) => withRuntime({ threads }, async (rt) => {
    for (const name of ['wait_until_cancelled', 'loop_until_cancelled', 'rows_until_cancelled']) {
      const entered = rt.array(Int32Array, 1);
      const controller = new AbortController();
      const call = rt.with({ signal: controller.signal }).call(name, entered);
      await until(() => Atomics.load(entered, 0) > 0);
      controller.abort('stop');
      same(await call.catch((reason) => reason), 'stop', name);
    }
    await refused('WEFT_ERR_TIMEOUT', () => rt.with({ timeoutMs: 30 }).call('loop_until_cancelled', rt.array(Int32Array, 1)));
    const gate = rt.array(Uint32Array, 1);
    const steps = [];
    const job = rt.with({ onProgress: ({ done, total }) => steps.push([done, total]) }).call('report_steps', 5, gate);
    for (let step = 1; step <= 5; step++) {
      Atomics.store(gate, 0, step);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await job;
    same(steps.length > 0 && steps.every(([done, total]) => done <= 5 && total === 5), true, `progress ${JSON.stringify(steps)}`);
    same(await rt.call('echo_i32', 1), 1);
  }),

  /** Traps, the ends of stacks, and the calls after them. */
  traps: (threads) => withRuntime({ threads }, async (rt) => {
    const kept = rt.array(Int32Array, 3).fill(9);
    for (const name of ['trap_unreachable', 'trap_out_of_bounds', 'trap_abort']) {
      await refused('WEFT_ERR_TRAP', () => rt.call(name));
      same(await rt.call('echo_i32', 4), 4);
    }
    await refused('WEFT_ERR_TRAP', () => rt.call('trap_in_slice', 100_000));
    await refused('WEFT_ERR_STACK', () => rt.call('overrun_by_calls', 100_000_000));
    same(await Promise.all([1, 2, 3].map((i) => rt.call('echo_i32', i))), [1, 2, 3]);
    same([...kept], [9, 9, 9]);
  }),

  /** A call that heeds nothing costs its worker, and another takes the worker's place. */
  replacement: () => withRuntime({ threads: 2 }, async (rt) => {
    const entered = rt.array(Int32Array, 1);
    const call = rt.with({ timeoutMs: 100 }).call('spin_for_ever', entered);
    await refused('WEFT_ERR_TIMEOUT', () => call);
    const before = performance.now();
    const word = rt.array(Int32Array, 1);
    // Both workers are needed for this one to end.
    const both = [rt.call('wait_for', word), rt.call('add_one', word)];
    await Promise.all(both);
    return performance.now() - before;
  }),

  /** The calling thread never sleeps on a page; a worker's may. */
  blocking: () => withRuntime({ threads: 2 }, async (rt) => {
    const mutex = rt.mutex();
    if (globalThis.document) {
      await refused('WEFT_ERR_WOULD_BLOCK', () => rt.callSync('echo_i32', 1));
      await refused('WEFT_ERR_WOULD_BLOCK', () => mutex.lockSync());
      return 'refused';
    }
    for (let i = 0; i < 1000; i++) same(rt.callSync('echo_i32', i), i);
    await refused('WEFT_ERR_TRAP', () => rt.callSync('trap_unreachable'));
    return 'waited';
  }),

  /** What refuses shared memory takes the copy. */
  copy: () => withRuntime({ threads: 1 }, async (rt) => {
    const bytes = rt.share(new TextEncoder().encode('grüß'));
    same(bytes.buffer instanceof SharedArrayBuffer, true);
    same(new TextDecoder().decode(rt.copy(bytes)), 'grüß');
    const pixels = rt.array(Uint8ClampedArray, 16).fill(7);
    same([...new ImageData(rt.copy(pixels), 2, 2).data], [...pixels]);
    same((await crypto.subtle.digest('SHA-256', rt.copy(bytes))).byteLength, 32);
    same(await new Blob([rt.copy(bytes)]).text(), 'grüß');
    await refused('WEFT_ERR_INVALID', () => rt.copy('text'));
  }),

  /** Everything ends, and says so. */
  close: () => withRuntime({ threads: 2 }, async (rt) => {
    const last = rt.call('echo_i32', 1);
    const closing = rt.close();
    same(await last, 1);
    await closing;
    await refused('WEFT_ERR_CLOSED', () => rt.call('echo_i32', 1));
    const other = await createRuntime({ module: functions, threads: 2 });
    const word = other.array(Int32Array, 1);
    const waiting = refused('WEFT_ERR_CANCELLED', () => other.call('spin_for_ever', word));
    await until(() => Atomics.load(word, 0) > 0);
    await other.close({ cancel: true });
    return waiting;
  }),

  /** printf in the page, and in a worker that never comes to its event loop. */
  print: (threads) => withRuntime({ threads }, async (rt) => {
    await rt.call('print_line', 'a whole line');
    await rt.call('print_line', 'grüß');
  }),

  /** No message is a module of ours: what createRuntime says. */
  open: (options = {}) => withRuntime(options, async (rt) => ({ ...rt.info, sum: await rt.call('echo_i32', 3) })),

  /** Emscripten's own output, an ES module. */
  emscripten: async () => {
    const rt = await createRuntime({ module: new URL('js-glue/wasm/emscripten-browser/weft_kernels.mjs', site), threads: 2 });
    const xs = rt.array(Float64Array, 1000).fill(2);
    const sum = await rt.sum(xs);
    await rt.close();
    return [rt.info.flavour, sum];
  },

  ...await import('./measure.js').then(({ makeMeasures }) => makeMeasures(createRuntime, functions)),
};
