import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { openRuntime } from '../../js-glue/src/create.js';
import { SLOT_COUNT } from '../../js-glue/src/layout.js';
import { host } from '../../js-glue/src/node-host.js';
import { LIMIT, flag, forEachFlavour, modules, open, runScript, until, weftError } from './support.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Calls of every type of argument, by number, and what each must return. */
const KINDS = [
  (index) => ['echo_i32', [index], index],
  (index) => ['echo_i64', [BigInt(index) << 30n], BigInt(index) << 30n],
  (index) => ['echo_f32', [index / 4], index / 4],
  (index) => ['echo_f64', [index / 3], index / 3],
  (index) => ['mixed', [index, BigInt(index), 0.5, index / 8], index * 2.125 + 0.5],
  (index) => ['text_bytes', ['x'.repeat(index % 50)], index % 50],
  () => ['nothing', [], undefined],
];

forEachFlavour('bulk', (flavour) => {
  for (const waitAsync of [true, false]) {
    it(`gives each of 100,000 calls at once its own result (waitAsync ${waitAsync})`, LIMIT, async (t) => {
      const rt = await open(t, flavour, { waitAsync });
      const expected = [];
      const calls = Array.from({ length: 100_000 }, (_, index) => {
        const [name, args, result] = KINDS[index % KINDS.length](index);
        expected.push(result);
        return rt.call(name, ...args);
      });
      assert.equal(rt.pending, 100_000);
      const results = await Promise.all(calls);
      assert.deepEqual(results, expected);
      assert.equal(rt.pending, 0);
      const { calls: counts } = rt.stats();
      assert.deepEqual(counts, { submitted: 100_000, pending: 0, finished: 100_000, failed: 0, cancelled: 0, open: 0 });
    });
  }

  it('runs each call once, and holds arrays only as long as a call uses them', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const counters = Array.from({ length: 10 }, () => rt.array(Int32Array, 1));
    const calls = Array.from({ length: 30_000 }, (_, index) => rt.call('add_one', counters[index % 10]));
    assert.throws(() => rt.free(counters[0]), weftError('WEFT_ERR_STATE', /pending/));
    await Promise.all(calls);
    for (const counter of counters) {
      assert.equal(counter[0], 3000);
      rt.free(counter);
    }
    assert.equal(rt.stats().memory.arrays, 0);
  });

  it('keeps a stream of calls in few slots by rt.ready', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    let most = 0;
    let sum = 0;
    for (let index = 0; index < 30_000; index++) {
      await rt.ready;
      rt.call('echo_i32', index).then((value) => {
        sum += value;
      });
      most = Math.max(most, rt.pending);
    }
    await until(() => rt.pending === 0);
    assert.ok(most <= SLOT_COUNT, `${most} calls were pending`);
    assert.equal(sum, 30_000 * 29_999 / 2);
  });

  it('refuses calls above maxQueued, and ready waits for room', LIMIT, async (t) => {
    const rt = await open(t, flavour, { maxQueued: 10 });
    const { word, raise } = flag(rt);
    const calls = Array.from({ length: 10 }, () => rt.call('wait_for', word));
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_LIMIT', /^nothing: 10 calls are pending.*maxQueued.*rt\.ready/));
    assert.throws(() => rt.callSync('nothing'), weftError('WEFT_ERR_LIMIT', /maxQueued/));
    await assert.rejects(rt.call('text_bytes', 'given back'), weftError('WEFT_ERR_LIMIT', /./));
    let room = false;
    const ready = rt.ready.then(() => {
      room = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(room, false);
    raise();
    await ready;
    assert.equal(await rt.call('echo_i32', 3), 3);
    await Promise.all(calls);
  });

  it('keeps calls for which jobs of C leave no room until there is some', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 2 });
    const [entered, full] = [rt.array(Int32Array, 1), rt.array(Int32Array, 1)];
    const { word: leave, raise } = flag(rt);
    const held = rt.call('hold_locked', rt.mutex(), entered, leave); // on the other worker
    await until(() => Atomics.load(entered, 0) === 1);
    const filled = rt.call('fill_queue', full, leave);
    await until(() => Atomics.load(full, 0) === 1);
    const calls = Array.from({ length: 100 }, (_, index) => rt.call('echo_i32', index));
    const aborting = new AbortController();
    const aborted = rt.with({ signal: aborting.signal }).call('nothing');
    aborting.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    raise();
    assert.equal(await filled, 4096);
    assert.deepEqual(await Promise.all(calls), Array.from(calls, (_, index) => index));
    await held;
    assert.deepEqual(rt.stats().calls, { submitted: 103, pending: 0, finished: 102, failed: 0, cancelled: 1, open: 0 });
  });

  it('hands a call over at once, though the caller goes on without a pause', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const counter = rt.array(Int32Array, 1);
    const calls = Array.from({ length: 40 }, () => rt.call('add_one', counter));
    const end = performance.now() + 100_000;
    while (Atomics.load(counter, 0) < 40) assert.ok(performance.now() < end, `${counter[0]} calls have run`);
    await Promise.all(calls);
  });

  it('lets timers and messages through between calls one after the other', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    let turns = 0;
    let going = true;
    (function turn() {
      turns++;
      if (going) setImmediate(turn);
    })();
    const end = performance.now() + 100_000;
    while (turns < 10 && performance.now() < end) await rt.call('nothing');
    going = false;
    assert.ok(turns >= 10, `${turns} turns of the event loop`);
  });

  it('reports a failure among many calls to its own caller', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const results = await Promise.allSettled(Array.from({ length: 6000 }, (_, index) =>
      index % 1000 === 7 ? rt.call('trap_division', 0) : rt.call('echo_i32', index)));
    results.forEach((result, index) => {
      if (index % 1000 === 7) assert.equal(/** @type {any} */ (result).reason.code, 'WEFT_ERR_TRAP');
      else assert.deepEqual(result, { status: 'fulfilled', value: index });
    });
    const { failed, finished, open: left } = rt.stats().calls;
    assert.deepEqual([failed, finished, left], [6, 5994, 0]);
  });

  it('runs 800,000 calls one after the other in the same memory', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const round = async () => {
      for (let i = 0; i < 10; i++) {
        await Promise.all(Array.from({ length: 10_000 }, (_, index) => rt.call('echo_f64', index)));
      }
    };
    for (let i = 0; i < 3; i++) await round(); // until V8's heap has the size that it wants
    collectGarbage();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 5; i++) await round();
    collectGarbage();
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 48 * 1024 * 1024, `${grown} bytes more`);
  });
});

forEachFlavour('callSync', (flavour) => {
  it('returns what the function returns', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    for (let index = 0; index < 5000; index++) assert.equal(rt.callSync('echo_i32', index), index);
    const xs = rt.array(Float64Array, 100_000).fill(2);
    assert.equal(rt.callSync('sum_f64', xs, xs.length), 200_000);
    assert.equal(rt.callSync('text_bytes', 'vier'), 4);
    assert.equal(rt.callSync('echo_i64', 5n), 5n);
    assert.equal(rt.stats().calls.open, 0);
  });

  it('works among calls that are pending, with every slot taken', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const calls = Array.from({ length: SLOT_COUNT + 500 }, (_, index) => rt.call('echo_i32', index));
    assert.equal(rt.callSync('echo_i32', -1), -1);
    const results = await Promise.all(calls);
    results.forEach((result, index) => assert.equal(result, index));
  });

  it('sleeps until a long call has ended', LIMIT, async (t) => {
    const rt = await open(t, flavour, { waitAsync: flavour === 'wasi' });
    const { word } = flag(rt);
    const first = rt.call('wait_for', word);
    await new Promise((resolve) => setImmediate(resolve)); // the host waits for it in its own way
    const timer = runLater(word);
    rt.callSync('wait_for', word);
    await timer;
    await first;
  });

  it('throws at once what is wrong, and what went wrong', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    assert.throws(() => rt.callSync('echo_i32', 'a\0b'), weftError('WEFT_ERR_INVALID', /^echo_i32/));
    assert.throws(() => rt.callSync('nofing'), weftError('WEFT_ERR_EXPORT', /nothing/));
    assert.throws(() => rt.callSync('trap_unreachable'), weftError('WEFT_ERR_TRAP', /unreachable/));
    assert.throws(function theCaller() {
      rt.callSync('trap_division', 0);
    }, (error) => /theCaller/.test(error.stack));
    assert.equal(rt.callSync('echo_i32', 1), 1);
    await rt.close();
    assert.throws(() => rt.callSync('nothing'), weftError('WEFT_ERR_CLOSED', /closed/));
  });

  it('reports a deadlock and a time limit instead of hanging', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const entered = rt.array(Int32Array, 1);
    assert.throws(() => rt.with({ timeoutMs: 30 }).callSync('wait_until_cancelled', entered),
      weftError('WEFT_ERR_TIMEOUT', /^wait_until_cancelled: not done after 30 ms/));
    await until(() => rt.stats().calls.open === 0);
    assert.throws(() => rt.callSync('wait_for_ever'), weftError('WEFT_ERR_DEADLOCK', /./));
  });

  it('refuses where the thread must not sleep', LIMIT, async (t) => {
    const rt = await openRuntime({ ...host, maySleep: false },
      { module: modules[flavour], threads: 2, memoryBytes: 64 * 1024 * 1024 });
    t.after(() => rt.close({ cancel: true }));
    assert.throws(() => rt.callSync('nothing'), weftError('WEFT_ERR_WOULD_BLOCK', /rt\.call/));
    assert.equal(await rt.call('echo_i32', 2), 2);
  });
});

/** Raises a word of shared memory from a thread of its own after a while. */
function runLater(word) {
  const worker = new Worker(
    `const { workerData: { memory, index } } = require('node:worker_threads');
     const never = new Int32Array(new SharedArrayBuffer(4));
     Atomics.wait(never, 0, 0, 400);
     Atomics.store(new Int32Array(memory), index, 1);`,
    { eval: true, workerData: { memory: word.buffer, index: word.byteOffset / 4 } });
  return new Promise((resolve) => worker.once('exit', resolve));
}

forEachFlavour('the process', (flavour) => {
  it('lives as long as a call is pending, and no longer', LIMIT, async () => {
    const { stdout, stderr } = await runScript(flavour, `
      const rt = await createRuntime({ module, threads: 2 });
      const gate = rt.array(Uint32Array, 1);
      let calls = Array.from({ length: 5000 }, (_, index) => rt.call('echo_i32', index));
      Promise.all(calls).then((all) => console.log('all', all.length));
      rt.call('report_steps', 1, gate).then(() => console.log('late'));
      const { Worker } = await import('node:worker_threads');
      new Worker(\`import { workerData } from 'node:worker_threads';
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
        Atomics.store(new Uint32Array(workerData.memory), workerData.index, 1);\`,
        { eval: true, workerData: { memory: gate.buffer, index: gate.byteOffset / 4 } }).unref();`);
    assert.equal(stderr, '');
    assert.equal(stdout, 'all 5000\nlate\n');
  });

  it('does not wait for a call that was ended and goes on in C', LIMIT, async () => {
    const { code, stdout } = await runScript(flavour, `
      const rt = await createRuntime({ module, threads: 2 });
      const job = rt.start('spin_for_ever', rt.array(Int32Array, 1));
      setTimeout(() => job.cancel(), 50);
      await job.catch((error) => console.log(error.code));`);
    assert.equal(code, 0);
    assert.equal(stdout, 'WEFT_ERR_CANCELLED\n');
  });
});
