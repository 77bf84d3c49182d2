// Workers that die or do not come back: another goes on in their place, or all calls fail.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openRuntime } from '../../js-glue/src/create.js';
import { host } from '../../js-glue/src/node-host.js';
import { LIMIT, forEachFlavour, missing, modules, open, runScript, until, weftError } from './support.js';

const tasksUrl = new URL('./fixtures/failing_tasks.js', import.meta.url);
const ROUNDS = 4;

/** A runtime whose workers the test can end behind its back. */
async function openSpied(t, options = {}, flavour = 'wasi') {
  const workers = [];
  const spy = (make) => (argument) => {
    workers.push(make(argument));
    return workers.at(-1);
  };
  const rt = await openRuntime({ ...host, createWorker: spy(host.createWorker), adoptWorker: spy(host.adoptWorker) },
    { module: modules[flavour], threads: 2, memoryBytes: 64 * 1024 * 1024, ...options });
  t.after(() => rt.close({ cancel: true }));
  return { rt, workers };
}

/** Every one of `count` workers takes a call, all at the same time. */
async function allWork(rt, count = 2) {
  const met = rt.array(Int32Array, 1);
  await Promise.all(Array.from({ length: count }, () => rt.call('meet', met, count)));
  rt.free(met);
}

/** The largest piece that the C heap has. */
async function largestPiece(rt) {
  let [fits, not] = [0, rt.memory.buffer.byteLength];
  while (not - fits > 65536) {
    const middle = Math.floor((fits + not) / 2);
    if (await rt.call('heap_fits', middle)) fits = middle;
    else not = middle;
  }
  return fits;
}

const settled = (rt) => until(() => rt.stats().calls.open === 0);

describe('replacement (wasi)', { skip: missing('wasi') }, () => {
  it('a worker that is ended in a call fails that call alone, at once', LIMIT, async (t) => {
    const { rt, workers } = await openSpied(t);
    const xs = rt.array(Float64Array, 1000).fill(3);
    const met = rt.array(Int32Array, 1);
    let failed = 0;
    const ends = [1, 2].map(() => rt.call('meet', met, 3).then(() => 'ended', (error) => {
      failed = performance.now();
      return error;
    }));
    await until(() => met[0] === 2);
    const killed = performance.now();
    await workers[0].terminate();
    await until(() => failed !== 0);
    t.diagnostic(`rejected after ${(failed - killed).toFixed(1)} ms`);
    Atomics.store(met, 0, 3);
    const [lost, other] = (await Promise.all(ends)).sort((a, b) => Number(a === 'ended') - Number(b === 'ended'));
    assert.equal(lost.code, 'WEFT_ERR_WORKER');
    assert.match(lost.message, /^meet: a worker thread ended: it was ended from outside/);
    assert.equal(other, 'ended');
    await allWork(rt);
    assert.equal(await rt.call('sum_f64', xs, xs.length), 3000);
  });

  it('workers that are ended while they sleep are replaced', LIMIT, async (t) => {
    const { rt, workers } = await openSpied(t);
    const parked = (count) => until(() => rt.stats().workers.reduce((sum, { parks }) => sum + parks, 0) >= count);
    await parked(2);
    await Promise.all(workers.map((worker) => worker.terminate()));
    await allWork(rt);
    await parked(4);
    await allWork(rt);
  });

  it('a worker that is ended while it waits for its own tasks is replaced', LIMIT, async (t) => {
    const { rt, workers } = await openSpied(t);
    const entered = rt.array(Int32Array, 1);
    const call = rt.call('join_spinner', entered);
    const rejected = assert.rejects(call, weftError('WEFT_ERR_WORKER', /^join_spinner: /));
    await until(() => entered[0] === 1);
    await workers[0].terminate(); // the sleeper or the one that spins
    await rejected;
    await settled(rt); // the other one is ended after its grace, if it spins
    await allWork(rt);
  });

  it('an endless loop is ended after its time, and its worker is replaced', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { threads: 1 });
    const entered = rt.array(Int32Array, 1);
    for (let round = 0; round < 2; round++) {
      await assert.rejects(rt.with({ timeoutMs: 50 }).call('spin_for_ever', entered), weftError('WEFT_ERR_TIMEOUT', /not done after 50 ms/));
      assert.equal(await rt.call('echo_i32', 7), 7); // by the new worker
    }
  });

  it('an endless loop that allocates is ended outside of the allocator, and its worker is replaced', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { threads: 2, graceMs: 100 });
    const entered = rt.array(Int32Array, 1);
    for (let round = 0; round < 8; round++) {
      await assert.rejects(rt.with({ timeoutMs: 20 }).call('alloc_for_ever', entered), { code: 'WEFT_ERR_TIMEOUT' });
      await settled(rt);
      assert.equal(await rt.call('echo_i32', round), round);
    }
    await allWork(rt);
  });

  it('an endless loop that takes locks is ended outside of them', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { threads: 2, graceMs: 100 });
    const [lock, counter] = [rt.mutex(), rt.array(Int32Array, 1)];
    for (let round = 0; round < 4; round++) {
      const calls = [1, 2].map(() => rt.with({ timeoutMs: 20 }).call('add_locked', lock, counter, 2 ** 32 - 1));
      await Promise.all(calls.map((call) => assert.rejects(call, { code: 'WEFT_ERR_TIMEOUT' })));
      await settled(rt);
      await allWork(rt);
    }
  });

  it('an endless loop on every worker is ended', LIMIT, async (t) => {
    const rt = await open(t, 'wasi');
    const entered = rt.array(Int32Array, 1);
    const controller = new AbortController();
    const call = rt.with({ signal: controller.signal }).call('spin_in_slices', entered, 64);
    await until(() => entered[0] === 2);
    controller.abort(new Error('enough'));
    await assert.rejects(call, /enough/);
    await settled(rt);
    await allWork(rt);
  });

  it('process.exit in a task is told by name, with the place', LIMIT, async (t) => {
    const rt = await open(t, 'wasi');
    const tasks = await rt.load(tasksUrl);
    for (const name of ['exit', 'exitLater']) {
      const error = await tasks[name](3).catch((reason) => reason);
      assert.equal(error.code, 'WEFT_ERR_WORKER');
      assert.equal(error.message, `${name}: process.exit(3) was called`);
      assert.match(error.cause.stack, /failing_tasks\.js/);
    }
    assert.equal(await tasks.add(1, 2), 3);
    const xs = rt.array(Float64Array, 10_000);
    await rt.forEach(xs.length, tasks.addIndex, xs);
    assert.ok(xs.every((x, index) => x === index));
    await allWork(rt);
  });

  it('an error that nobody catches ends its call, and is the cause', LIMIT, async (t) => {
    const rt = await open(t, 'wasi');
    const tasks = await rt.load(tasksUrl);
    for (const [name, text] of [['forget', 'forgotten'], ['throwLater', 'too late']]) {
      const error = await tasks[name]().catch((reason) => reason);
      assert.equal(error.code, 'WEFT_ERR_WORKER');
      assert.equal(error.message, `${name}: a worker thread ended: nobody caught RangeError: ${text}`);
      assert.ok(error.cause instanceof RangeError);
      assert.match(error.cause.stack, /failing_tasks\.js/);
    }
    assert.equal(await tasks.add(1, 2), 3);
    await allWork(rt);
  });

  // Newer Nodes look for rejections only once the worker has nothing else to do, which it seldom has.
  const looksAtOnce = Number(process.versions.node.split('.')[0]) < 22;
  it('an error that nobody catches between calls is a warning', { ...LIMIT, skip: !looksAtOnce }, async () => {
    const { code, stdout, stderr } = await runScript('wasi', `
      const warned = new Promise((resolve) => process.once('warning', resolve));
      const rt = await createRuntime({ module, threads: 1 });
      const tasks = await rt.load(new URL(${JSON.stringify(tasksUrl.href)}));
      await tasks.leaveRejected();
      const later = rt.load(new URL('./tasks.js', ${JSON.stringify(tasksUrl.href)})); // makes the worker visit its event loop
      const alive = setInterval(() => {}, 1000); // the death of an idle worker is no reason to live
      const { name, message, detail } = await warned;
      clearInterval(alive);
      console.log(name, message, /failing_tasks/.test(detail));
      await later;
      console.log(await tasks.add(1, 2));`);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'WeftWarning a worker thread ended: nobody caught RangeError: after the call; another takes its place true\n3\n');
  });

  it('a task that needs too much memory fails alone', LIMIT, async (t) => {
    const createWorker = () => wrapped(new Worker(new URL('../../js-glue/src/worker.cjs', import.meta.url),
      { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 24, stackSizeMb: 1 } }));
    const rt = await openRuntime({ ...host, createWorker }, { module: modules.wasi, threads: 2, memoryBytes: 64 * 1024 * 1024 });
    t.after(() => rt.close({ cancel: true }));
    const tasks = await rt.load(tasksUrl);
    await assert.rejects(tasks.exhaust(), weftError('WEFT_ERR_WORKER', /^exhaust: .*memory/));
    assert.equal(await tasks.add(2, 3), 5);
    await allWork(rt);
  });

  it('survives workers that are ended at any moment, or fails as a whole, but never hangs', LIMIT, async (t) => {
    let whole = 0;
    let replaced = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const workers = [];
      const createWorker = (settings) => {
        workers.push(host.createWorker(settings));
        return workers.at(-1);
      };
      const rt = await openRuntime({ ...host, createWorker }, { module: modules.wasi, threads: 2, memoryBytes: 64 * 1024 * 1024 });
      const xs = rt.array(Float64Array, 20_000).fill(1);
      const pending = new Set();
      let lost = 0;
      try {
        for (let kill = 0; kill < 12; kill++) {
          for (let i = 0; i < 200; i++) {
            const call = i % 4 ? rt.call('sum_f64', xs, xs.length) : rt.call('busy_loop', 20_000);
            const end = call.then((sum) => assert.ok(sum === 20_000 || sum === 0), (error) => {
              assert.equal(error.code, 'WEFT_ERR_WORKER');
              lost++;
            }).finally(() => pending.delete(end));
            pending.add(end);
          }
          await new Promise((resolve) => setTimeout(resolve, kill % 5));
          await workers.at(-1 - (kill % 2)).terminate();
          await allWork(rt); // its successor is there
        }
        await Promise.all(pending);
        await allWork(rt);
        assert.ok(xs.every((x) => x === 1));
        replaced++;
      } catch (error) {
        assert.equal(error.code, 'WEFT_ERR_WORKER');
        whole++;
      }
      await Promise.all(pending);
      await rt.close();
      t.diagnostic(`${lost} calls were lost`);
    }
    t.diagnostic(`${replaced} rounds of ${ROUNDS} went on, ${whole} failed as a whole`);
    assert.ok(replaced > 0, 'every round failed as a whole');
  });

  it('loses nothing over many traps and ended calls', LIMIT, async (t) => {
    const rt = await open(t, 'wasi');
    const entered = rt.array(Int32Array, 1);
    const xs = rt.array(Float64Array, 1000).fill(1);
    const storm = async () => {
      for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 100 }, (_, index) =>
          assert.rejects(index % 2 ? rt.call('trap_unreachable') : rt.call('trap_in_slice', 1000), { code: 'WEFT_ERR_TRAP' })));
      }
      for (let round = 0; round < 5; round++) {
        const controller = new AbortController();
        const calls = Array.from({ length: 1000 }, () =>
          rt.with({ signal: controller.signal }).call('wait_until_cancelled', entered));
        const rejected = Promise.all(calls.map((call) => assert.rejects(call, { name: 'AbortError' })));
        await until(() => entered[0] > 0);
        controller.abort();
        await rejected;
      }
      await settled(rt);
    };
    await storm(); // each thread's caches of the C heap fill
    const before = await largestPiece(rt);
    await storm();
    await storm();
    const after = await largestPiece(rt);
    assert.ok(before - after <= 65536, `${before} before, ${after} after`);
    assert.equal(rt.stats().workers.length, 2);
    assert.equal(await rt.call('sum_f64', xs, xs.length), 1000);
    await allWork(rt);
  });
});

/** As node.js wraps its workers. @param {Worker} worker */
function wrapped(worker) {
  let told = () => {};
  worker.on('error', (error) => (told(error.message, error), told = () => {}));
  worker.on('exit', (code) => told(`code ${code}`));
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    onMessage: (listener) => (worker.on('message', listener), worker.unref()),
    onEnd: (listener) => { told = listener; },
  };
}

describe('no replacement', () => {
  it('a worker that is ended in a lock fails every call', { ...LIMIT, skip: missing('wasi') }, async (t) => {
    const { rt, workers } = await openSpied(t, { threads: 1 });
    const permits = rt.semaphore(0);
    const calls = [rt.call('acquire', permits, -1), rt.call('acquire', permits, -1)];
    const rejected = Promise.all(calls.map((call) => assert.rejects(call, weftError('WEFT_ERR_WORKER', /a worker thread ended/))));
    await until(() => rt.stats().workers.length > 1); // the first sleeps: another stands in
    await workers[0].terminate();
    await rejected;
    await assert.rejects(async () => rt.call('nothing'), weftError('WEFT_ERR_WORKER', /make a new one/));
  });

  it('an endless loop on a thread of Emscripten fails every call', { ...LIMIT, skip: missing('emscripten') }, async (t) => {
    const { rt } = await openSpied(t, { threads: 1 }, 'emscripten');
    const entered = rt.array(Int32Array, 1);
    const controller = new AbortController();
    const endless = rt.with({ signal: controller.signal }).call('spin_for_ever', entered);
    await until(() => entered[0] === 1);
    const behind = rt.call('nothing'); // only the worker that spins could run it
    controller.abort();
    await assert.rejects(endless, { name: 'AbortError' });
    await assert.rejects(behind, weftError('WEFT_ERR_WORKER', /heeded no cancellation; a thread of Emscripten cannot be replaced/));
  });
});

forEachFlavour('out of memory', (flavour) => {
  it('reaches the caller, and what is freed can be used again', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const arrays = [];
    assert.throws(() => {
      for (;;) arrays.push(rt.array(Uint8Array, 1 << 20));
    }, weftError('WEFT_ERR_NOMEM', /held by \d+ arrays/));
    assert.throws(() => { for (;;) arrays.push(rt.array(Uint8Array, 64)); }, weftError('WEFT_ERR_NOMEM', /./));
    assert.equal(await rt.call('echo_i32', 3), 3);
    arrays.forEach((array) => rt.free(array));
    assert.equal(await rt.call('heap_fits', 1 << 20), 1);
  });
});
