import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openRuntime } from '../../js-glue/src/create.js';
import { host } from '../../js-glue/src/node-host.js';
import { LIMIT, flag, forEachFlavour, modules, open, until, weftError } from './support.js';

const TRAPS = [
  ['trap_unreachable', [], 'WEFT_ERR_TRAP', /unreachable/],
  ['trap_out_of_bounds', [], 'WEFT_ERR_TRAP', /out of bounds/],
  ['trap_division', [0], 'WEFT_ERR_TRAP', /divide by zero/],
  ['overrun_by_calls', [1e9], 'WEFT_ERR_STACK', /stackBytes/],
  ['trap_abort', [], 'WEFT_ERR_TRAP', /trapped/],
  ['trap_in_slice', [100_000], 'WEFT_ERR_TRAP', /unreachable/],
];

/** A host whose workers the test can reach: it ends them behind the runtime's back. */
function spyingHost() {
  /** @type {import('../../js-glue/src/host.js').ThreadWorker[]} */
  const workers = [];
  const spy = (make) => (argument) => {
    workers.push(make(argument));
    return workers.at(-1);
  };
  return {
    workers,
    host: { ...host, createWorker: spy(host.createWorker), adoptWorker: spy(host.adoptWorker) },
  };
}

/** A worker that runs `text` instead of worker.js. */
function workerOf(text) {
  const worker = new Worker(text, { eval: true });
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    onMessage: (listener) => worker.on('message', listener),
    onEnd: (listener) => {
      worker.on('error', (error) => listener(error.message, error));
      worker.on('exit', (code) => listener(`code ${code}`));
    },
  };
}

forEachFlavour('failure', (flavour) => {
  for (const [name, args, code, message] of TRAPS) {
    it(`${name} rejects that call alone and the next one works`, LIMIT, async (t) => {
      const rt = await open(t, flavour);
      const { word, raise } = flag(rt);
      const neighbour = rt.call('wait_for', word);
      const xs = rt.array(Float64Array, 10_000).fill(2);
      for (let round = 0; round < 3; round++) {
        await assert.rejects(rt.call(name, ...args), weftError(code, message));
      }
      assert.equal(await rt.call('sum_f64', xs, xs.length), 20_000);
      raise();
      await neighbour;
      const sums = await Promise.all(Array.from({ length: 100 }, () => rt.call('sum_f64', xs, xs.length)));
      assert.ok(sums.every((sum) => sum === 20_000));
    });
  }

  it('survives many traps at once between calls that do not trap', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 4 });
    const calls = Array.from({ length: 400 }, (_, index) =>
      index % 4 ? rt.call('echo_i32', index) : rt.call(index % 8 ? 'trap_unreachable' : 'trap_in_slice', ...(index % 8 ? [] : [1000])));
    const results = await Promise.allSettled(calls);
    results.forEach((result, index) => {
      if (index % 4) assert.deepEqual(result, { status: 'fulfilled', value: index });
      else assert.equal(/** @type {any} */ (result).reason?.code, 'WEFT_ERR_TRAP');
    });
  });

  it('shows who called, and where it trapped with the names of C', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    async function theCallerInJavaScript() {
      await rt.call('trap_unreachable');
    }
    const error = await theCallerInJavaScript().catch((caught) => caught);
    assert.match(error.stack, /theCallerInJavaScript/);
    assert.equal(error.cause.name, 'RuntimeError');
    assert.match(error.cause.stack, /trap_unreachable/);
    assert.match(error.cause.stack, /weft_worker_enter/);
  });

  it('goes on with the workers that do not wait for ever', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    await assert.rejects(rt.call('wait_for_ever'), weftError('WEFT_ERR_DEADLOCK', /./));
    assert.equal(await rt.call('echo_i32', 5), 5);
  });

  it('does not take a long call for a deadlock', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const { word, raise } = flag(rt);
    const call = rt.call('wait_for', word);
    setTimeout(raise, 1200); // several looks of the watchdog
    await call;
  });

  // Another worker takes its place where threads are our own: replace.test.js.
  const lasting = { ...LIMIT, skip: flavour === 'wasi' };

  it('fails every call when a worker is ended from outside, and later ones too', lasting, async () => {
    const { workers, host: spied } = spyingHost();
    const rt = await openRuntime(spied, { module: modules[flavour], threads: 2, memoryBytes: 64 * 1024 * 1024 });
    const { word } = flag(rt);
    const calls = Array.from({ length: 2000 }, () => rt.call('wait_for', word)); // more than slots
    const rejected = Promise.all(calls.map((call) => assert.rejects(call, weftError('WEFT_ERR_WORKER', /^wait_for: a worker thread ended/))));
    await workers[0].terminate();
    await rejected;
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_WORKER', /make a new one/));
    assert.throws(() => rt.array(Int8Array, 1), weftError('WEFT_ERR_WORKER', /make a new one/));
    await rt.close();
    await rt.close({ cancel: true });
  });

  it('notices the loss of a worker while nothing is pending', lasting, async () => {
    const { workers, host: spied } = spyingHost();
    const rt = await openRuntime(spied, { module: modules[flavour], threads: 2, memoryBytes: 64 * 1024 * 1024 });
    await workers[1].terminate();
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_WORKER', /./));
    await rt.close();
  });

  it('close with cancel fails pending calls, also those that never look', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const entered = rt.array(Int32Array, 1);
    const calls = [rt.call('wait_until_cancelled', entered), rt.call('spin_for_ever', entered)];
    const rejected = Promise.all(calls.map((call) =>
      assert.rejects(call, weftError('WEFT_ERR_CANCELLED', /rt\.close/))));
    await until(() => Atomics.load(entered, 0) === 2);
    await rt.close({ cancel: true });
    await rejected;
  });

  it('close waits for calls that were accepted', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const { word, raise } = flag(rt);
    const waiting = rt.call('wait_for', word);
    const queued = Array.from({ length: 1500 }, (_, index) => rt.call('echo_i32', index));
    const closed = rt.close();
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_CLOSED', /closed/));
    raise();
    await waiting;
    assert.deepEqual(await Promise.all(queued), queued.map((_, index) => index));
    await closed;
  });
});

const STARTS = [
  ['throws while it loads', 'throw new Error("no such thing")', {}, 'WEFT_ERR_WORKER', /no such thing/],
  ['calls process.exit', 'process.exit(3)', {}, 'WEFT_ERR_WORKER', /code 3/],
  ['never answers', 'require("node:worker_threads").parentPort.on("message", () => {})', { startTimeoutMs: 300 },
    'WEFT_ERR_TIMEOUT', /0 of 2 workers .*startTimeoutMs/],
];
for (const [what, text, options, code, message] of STARTS) {
  it(`createRuntime rejects when a worker ${what}, and ends the others`, LIMIT, async () => {
    let ended = 0;
    const createWorker = () => {
      const worker = workerOf(/** @type {string} */ (text));
      return { ...worker, terminate: () => (ended++, worker.terminate()) };
    };
    await assert.rejects(
      openRuntime({ ...host, createWorker }, { module: modules.wasi, threads: 2, .../** @type {object} */ (options) }),
      weftError(code, message));
    assert.equal(ended, 2);
  });
}
