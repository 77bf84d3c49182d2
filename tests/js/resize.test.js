// Runtimes that grow and shrink while they run.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRuntime } from '../../js-glue/src/index.js';
import { LIMIT, flag, forEachFlavour, modules, open, until, weftError } from './support.js';

/** Jobs that each worker has run so far. */
const jobs = (rt) => rt.stats().workers.map((worker) => worker.jobs);

/** `count` calls that are all inside at the same time. */
async function meet(rt, count) {
  const met = rt.array(Int32Array, 1);
  await Promise.all(Array.from({ length: count }, () => rt.call('meet', met, count)));
  rt.free(met);
}

forEachFlavour('resize', (flavour) => {
  it('grows: the new workers take calls', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    await rt.resize(5);
    assert.equal(rt.stats().workers.length, 5);
    await meet(rt, 5);
    const xs = rt.array(Float64Array, 100_000).fill(1);
    assert.equal(await rt.call('sum_f64', xs, xs.length), 100_000);
  });

  it('is told by rt.info, to C and to tasks', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 2 });
    const tasks = await rt.load(new URL('./fixtures/tasks.js', import.meta.url));
    for (const threads of [4, 1, 3]) {
      await rt.resize(threads);
      assert.equal(rt.info.threads, threads);
      assert.ok(rt.info.running >= threads);
      assert.equal(await rt.call('thread_count'), threads);
      assert.equal(await (await tasks.where())[1], threads);
    }
  });

  it('shrinks: the last workers take no more calls, and are back when it grows', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 4 });
    await meet(rt, 4);
    await rt.resize(1);
    const before = jobs(rt);
    await Promise.all(Array.from({ length: 500 }, (_, index) => rt.call('echo_i32', index)));
    assert.deepEqual(jobs(rt).slice(1), before.slice(1));
    await rt.resize(4);
    assert.equal(rt.stats().workers.length, 4);
    await meet(rt, 4);
  });

  it('lets calls end that run on workers which are to rest', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 2 });
    const { word, raise } = flag(rt);
    const calls = [rt.call('wait_for', word), rt.call('wait_for', word)];
    await rt.resize(1);
    raise();
    await Promise.all(calls);
    assert.equal(await rt.call('echo_i32', 1), 1);
  });

  it('resizes again and again under load, and loses no call', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 2 });
    const xs = rt.array(Float64Array, 50_000).fill(1);
    const calls = [];
    for (const threads of [3, 1, 4, 2, 5, 1, 2]) {
      for (let i = 0; i < 100; i++) calls.push(rt.call('sum_f64', xs, xs.length));
      await rt.resize(threads);
    }
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([50_000]));
    await meet(rt, 2);
  });

  it('refuses what is no number of workers', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    for (const threads of [0, -1, 1.5, 129, NaN, '2', undefined]) {
      await assert.rejects(rt.resize(threads), weftError('WEFT_ERR_INVALID', /rt\.resize: .*from 1 to 128/));
    }
    await rt.close();
    await assert.rejects(rt.resize(2), weftError('WEFT_ERR_CLOSED', /closed/));
    const alone = await createRuntime({ module: modules[flavour], threads: 0, memoryBytes: 64 * 1024 * 1024 });
    t.after(() => alone.close());
    await assert.rejects(alone.resize(2), weftError('WEFT_ERR_UNSUPPORTED', /without workers/));
  });
});
