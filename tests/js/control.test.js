import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LIMIT, flag, forEachFlavour, open, until, weftError } from './support.js';

/** Resolves once C has given back every slot. */
const allBack = (rt) => until(() => rt.stats().calls.open === 0);

const BAD_OPTIONS = [
  [undefined, /the options must be an object, got undefined/],
  [null, /the options must be an object, got null/],
  ['fast', /the options must be an object, got "fast"/],
  [{ sigal: null }, /no option sigal; there are signal, timeoutMs/],
  [{ signal: {} }, /signal must be an AbortSignal/],
  [{ signal: null }, /signal must be an AbortSignal, got null/],
  [{ timeoutMs: 0 }, /timeoutMs must be .*, got 0/],
  [{ timeoutMs: NaN }, /timeoutMs must be .*, got NaN/],
  [{ timeoutMs: 2 ** 31 }, /timeoutMs must be/],
  [{ timeoutMs: '5' }, /timeoutMs must be .*, got "5"/],
  [{ priority: 'urgent' }, /priority must be "interactive" or "batch", got "urgent"/],
  [{ onProgress: 1 }, /onProgress must be a function, got 1/],
  [{ label: Symbol('x') }, /label must be a string, got/],
];

forEachFlavour('control', (flavour) => {
  it('names the option that is wrong', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    for (const [options, message] of BAD_OPTIONS) {
      assert.throws(() => rt.with(options), weftError('WEFT_ERR_INVALID', message));
    }
    assert.equal(await rt.with({}).call('echo_i32', 1), 1);
    assert.equal(await rt.with({ signal: undefined, label: undefined }).call('echo_i32', 1), 1);
  });

  it('takes the options of an outer with where the inner one says nothing', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const outer = rt.with({ label: 'outer', timeoutMs: 30 });
    const word = rt.array(Int32Array, 1);
    await assert.rejects(outer.with({ priority: 'batch' }).call('wait_until_cancelled', word),
      weftError('WEFT_ERR_TIMEOUT', /^outer \(wait_until_cancelled\): not done after 30 ms/));
    await assert.rejects(outer.with({ label: 'inner', timeoutMs: 20_000 }).call('trap_unreachable'),
      weftError('WEFT_ERR_TRAP', /^inner \(trap_unreachable\) trapped/));
  });

  it('rejects with the reason of a signal, keeps the worker, and gives everything back', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const entered = rt.array(Int32Array, 1);
    const reason = { any: 'value' };
    const controller = new AbortController();
    const call = rt.with({ signal: controller.signal }).call('wait_until_cancelled', entered);
    await until(() => Atomics.load(entered, 0) === 1);
    controller.abort(reason);
    assert.equal(await call.catch((error) => error), reason);
    await allBack(rt);
    rt.free(entered);
    assert.equal(await rt.call('echo_i32', 4), 4);
  });

  it('does not run a call whose signal was raised before', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    const counter = rt.array(Int32Array, 1);
    const signal = AbortSignal.abort(new RangeError('too late'));
    const under = rt.with({ signal });
    await assert.rejects(under.call('add_one', counter), { name: 'RangeError', message: 'too late' });
    await assert.rejects(under.start('add_one', counter).promise, { name: 'RangeError' });
    assert.throws(() => under.callSync('add_one', counter), { name: 'RangeError' });
    await rt.call('nothing');
    assert.equal(counter[0], 0);
    rt.free(counter);
  });

  it('reaches inside a running loop, on every thread of it', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const slices = rt.array(Int32Array, 1);
    const controller = new AbortController();
    const call = rt.with({ signal: controller.signal }).call('loop_until_cancelled', slices);
    await until(() => Atomics.load(slices, 0) > 1000);
    controller.abort();
    await assert.rejects(call, { name: 'AbortError' });
    await allBack(rt);
    const stopped = slices[0];
    await Promise.all(Array.from({ length: 100 }, () => rt.call('nothing')));
    assert.equal(slices[0], stopped);
  });

  it('leaks no slot and no array in 10,000 aborts', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const word = rt.array(Int32Array, 1);
    let aborted = 0;
    for (let round = 0; round < 100; round++) {
      const controller = new AbortController();
      const under = rt.with({ signal: controller.signal });
      const calls = Array.from({ length: 100 }, () => under.call('rows_until_cancelled', word));
      if (round % 2) await until(() => Atomics.load(word, 0) > 0); // some abort before any has begun
      controller.abort(round);
      for (const { reason } of await Promise.allSettled(calls)) aborted += Number(reason === round);
    }
    assert.equal(aborted, 10_000);
    await allBack(rt);
    rt.free(word);
    const { calls, jobs } = rt.stats();
    assert.deepEqual([calls.cancelled, calls.open, calls.pending, jobs.length], [10_000, 0, 0, 0]);
    assert.equal(await rt.call('echo_i32', 8), 8);
  });

  it('ends calls that wait for a slot, and those that never look', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 2 });
    const { word, raise } = flag(rt);
    const controller = new AbortController();
    const under = rt.with({ signal: controller.signal });
    const calls = Array.from({ length: 6000 }, () => under.call('wait_for', word)); // more than slots
    controller.abort(5);
    const results = await Promise.allSettled(calls);
    assert.ok(results.every((result) => /** @type {any} */ (result).reason === 5));
    raise();
    await allBack(rt);
    rt.free(word);
  });

  it('listens to a signal once, and no longer than calls are pending', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const signal = new AbortController().signal;
    let added = 0;
    let removed = 0;
    const spy = {
      aborted: false,
      reason: undefined,
      addEventListener: (...args) => (added++, signal.addEventListener(...args)),
      removeEventListener: (...args) => (removed++, signal.removeEventListener(...args)),
    };
    const under = rt.with({ signal: /** @type {any} */ (spy) });
    await Promise.all(Array.from({ length: 500 }, () => under.call('nothing')));
    assert.deepEqual([added, removed], [1, 1]);
  });

  it('rejects after timeoutMs, and not before', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const entered = rt.array(Int32Array, 1);
    const began = performance.now();
    await assert.rejects(rt.with({ timeoutMs: 60 }).call('wait_until_cancelled', entered),
      weftError('WEFT_ERR_TIMEOUT', 'wait_until_cancelled: not done after 60 ms'));
    assert.ok(performance.now() - began >= 59);
    assert.equal(await rt.with({ timeoutMs: 20_000 }).call('echo_i32', 1), 1); // leaves no timer
    await allBack(rt);
  });

  it('hands out a job: id, label, outcome and cancel', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const entered = rt.array(Int32Array, 1);
    const first = rt.with({ label: 'first' }).start('wait_until_cancelled', entered);
    const second = rt.start('echo_i32', 7);
    assert.notEqual(first.id, second.id);
    assert.equal(await second, 7);
    assert.deepEqual(rt.stats().jobs, [{ id: first.id, name: 'wait_until_cancelled', label: 'first' }]);
    first.cancel();
    first.cancel('again');
    await assert.rejects(first.promise, weftError('WEFT_ERR_CANCELLED', 'first (wait_until_cancelled) was cancelled'));
    assert.equal(await rt.start('echo_i32', 8).finally(() => {}), 8);
    assert.equal(await rt.start('trap_unreachable').catch(({ code }) => code), 'WEFT_ERR_TRAP');
    await assert.rejects(rt.start('echo_i32', 'a\0').promise, weftError('WEFT_ERR_INVALID', /NUL/));
    const other = rt.start('wait_until_cancelled', entered);
    other.cancel('why');
    assert.equal(await other.catch((reason) => reason), 'why');
  });

  it('shows who called in the errors of jobs and of calls under options', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    async function theOneWhoCalled() {
      await rt.with({ label: 'x' }).call('trap_unreachable');
    }
    async function theOneWhoStarted() {
      await rt.start('trap_unreachable');
    }
    async function theOneAmongMany() {
      await Promise.all([rt.call('nothing'), rt.call('trap_unreachable')]);
    }
    assert.match((await theOneWhoCalled().catch((error) => error)).stack, /theOneWhoCalled/);
    assert.match((await theOneWhoStarted().catch((error) => error)).stack, /theOneWhoStarted/);
    assert.match((await theOneAmongMany().catch((error) => error)).stack, /theOneAmongMany/);
  });

  it('tells every step to who iterates over progress, and ends with the job', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const gate = rt.array(Uint32Array, 1);
    const job = rt.start('report_steps', 5, gate);
    const seen = [];
    for await (const { done, total } of job.progress) {
      seen.push([done, total]);
      Atomics.store(gate, 0, done);
    }
    assert.deepEqual(seen, [[1, 5], [2, 5], [3, 5], [4, 5], [5, 5]]);
    assert.equal(await job, 5);
    for await (const last of job.progress) assert.deepEqual(last, { done: 5, total: 5 });
  });

  it('ends the iteration when the job fails or is ended, and leaves the error to who awaits', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const job = rt.start('rows_until_cancelled', rt.array(Int32Array, 1));
    let seen = 0;
    for await (const { done, total } of job.progress) {
      assert.ok(done > seen && total === 2 ** 40);
      seen = done;
      job.cancel('enough');
    }
    assert.ok(seen > 0);
    await new Promise((resolve) => setImmediate(resolve)); // no unhandled rejection meanwhile
    assert.equal(await job.catch((reason) => reason), 'enough');
    for await (const _ of rt.start('trap_unreachable').progress) assert.fail('nothing was reported');
  });

  it('calls onProgress with the last report before the call resolves', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const seen = [];
    const onProgress = ({ done, total }) => seen.push(`${done}/${total}`);
    assert.equal(await rt.with({ onProgress }).call('report_steps', 1000, null), 1000);
    assert.equal(seen.at(-1), '1000/1000');
    assert.equal(new Set(seen).size, seen.length);
    const gate = rt.array(Uint32Array, 1);
    const call = rt.with({ onProgress }).call('report_steps', 3, gate);
    await until(() => seen.at(-1) === '1/3');
    gate[0] = 3;
    await call;
    assert.equal(seen.at(-1), '3/3');
  });

  it('lets an interactive call overtake thousands of batch calls', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const { word, raise } = flag(rt);
    const batch = rt.with({ priority: 'batch' });
    const calls = Array.from({ length: 6000 }, () => batch.call('wait_for', word));
    assert.equal(await rt.call('echo_i32', 6), 6); // no worker is free, nor a slot of the batch lane
    // Emscripten could not start a thread meanwhile, so there it would wait for the batch.
    if (flavour === 'wasi') assert.equal(rt.callSync('echo_i32', 7), 7);
    assert.equal(rt.stats().calls.pending, 6000);
    raise();
    await Promise.all(calls);
    assert.equal(rt.stats().calls.open, 0);
  });

  it('counts what happened', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const xs = rt.array(Float64Array, 1000);
    await Promise.all(Array.from({ length: 50 }, () => rt.call('nothing')));
    await rt.call('trap_unreachable').catch(() => {});
    await rt.with({ timeoutMs: 1 }).call('wait_until_cancelled', rt.array(Int32Array, 1)).catch(() => {});
    await allBack(rt);
    const { calls, workers, memory } = rt.stats();
    assert.deepEqual(calls, { submitted: 52, pending: 0, finished: 50, failed: 1, cancelled: 1, open: 0 });
    assert.equal(workers.length, 2);
    assert.equal(workers.reduce((sum, { jobs }) => sum + jobs, 0), 52);
    assert.ok(workers.every(({ idleMs, parks }) => idleMs >= 0 && parks >= 0));
    assert.deepEqual(memory, { bytes: rt.info.memoryBytes, held: xs.byteLength + 4, arrays: 2 });
  });

  it('asks for a stuck job once its time of grace has passed', LIMIT, async (t) => {
    const rt = await open(t, flavour, { graceMs: 50 });
    const permits = rt.semaphore(0); // no deadlock: the main thread could release it
    const job = rt.start('acquire', permits, -1);
    await until(() => rt.stats().workers.length > 2); // it sleeps: another worker stands in
    const began = performance.now();
    job.cancel();
    await assert.rejects(job.promise, weftError('WEFT_ERR_CANCELLED', /./));
    assert.equal(rt.stats().calls.open, 1);
    assert.equal(rt.pending, 0);
    await allBack(rt); // its wait was ended
    assert.ok(performance.now() - began >= 50);
    assert.equal(await rt.call('echo_i32', 3), 3);
  });

  it('closes during calls, twice, and refuses afterwards', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const under = rt.with({ label: 'late' });
    const calls = Array.from({ length: 5000 }, (_, index) => under.call('echo_i32', index));
    const jobs = [rt.start('wait_until_cancelled', rt.array(Int32Array, 1))];
    const closed = [rt.close(), rt.close()];
    assert.throws(() => under.start('nothing'), weftError('WEFT_ERR_CLOSED', /./));
    await assert.rejects(under.call('nothing'), weftError('WEFT_ERR_CLOSED', /./));
    assert.throws(() => rt.stats(), weftError('WEFT_ERR_CLOSED', /./));
    jobs[0].cancel('closing');
    assert.equal(await jobs[0].catch((reason) => reason), 'closing');
    assert.deepEqual(await Promise.all(calls), calls.map((_, index) => index));
    await Promise.all(closed);
    await rt.close();
  });
});
