// Runtimes that end their workers while they have nothing to do (idleTimeoutMs).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRuntime } from '../../js-glue/src/index.js';
import { openRuntime } from '../../js-glue/src/create.js';
import { host } from '../../js-glue/src/node-host.js';
import { LIMIT, missing, modules, open, runScript, until, weftError } from './support.js';

const IDLE = { idleTimeoutMs: 30 };
const tasksUrl = new URL('./fixtures/failing_tasks.js', import.meta.url);

/** Resolves once no worker runs. */
const rested = (rt) => until(() => rt.info.running === 0);

/** Every one of `count` workers takes a call, all at the same time. */
async function allWork(rt, count = 2) {
  const met = rt.array(Int32Array, 1);
  await Promise.all(Array.from({ length: count }, () => rt.call('meet', met, count)));
  rt.free(met);
}

describe('rest (wasi)', { skip: missing('wasi') }, () => {
  it('ends the workers after a while without a call, and starts them again for the next', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', IDLE);
    const xs = rt.array(Float64Array, 10_000).fill(2);
    for (let round = 0; round < 3; round++) {
      await rested(rt);
      assert.deepEqual([rt.info.threads, rt.stats().workers.length], [2, 0]);
      assert.equal(await rt.call('sum_f64', xs, xs.length), 20_000);
      await allWork(rt); // on two workers, or it would not end
    }
  });

  it('gives the stacks of the workers back', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { ...IDLE, stackBytes: 16 << 20 }); // two of them fill half of the memory
    const half = 40 << 20;
    assert.throws(() => rt.alloc(half), weftError('WEFT_ERR_NOMEM', /./));
    await rested(rt);
    rt.free(rt.alloc(half));
    await allWork(rt);
    assert.throws(() => rt.alloc(half), weftError('WEFT_ERR_NOMEM', /./));
  });

  it('ends the host\'s workers, too', LIMIT, async (t) => {
    let alive = 0;
    const createWorker = (settings) => {
      const worker = host.createWorker(settings);
      const { onEnd } = worker;
      alive++;
      worker.onEnd = (told) => onEnd((...why) => (alive--, told(...why)));
      return worker;
    };
    const rt = await openRuntime({ ...host, createWorker },
      { module: modules.wasi, threads: 2, memoryBytes: 64 << 20, ...IDLE });
    t.after(() => rt.close());
    assert.equal(alive, 2);
    for (let round = 0; round < 3; round++) {
      await until(() => alive === 0);
      await allWork(rt);
      assert.equal(alive, 2);
    }
  });

  it('loads the modules of tasks again', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', IDLE);
    const tasks = await rt.load(tasksUrl);
    await rested(rt);
    assert.equal(await tasks.add(1, 2), 3);
    await rested(rt);
    const xs = rt.array(Float64Array, 1000);
    await rt.forEach(xs.length, tasks.addIndex, xs);
    assert.ok(xs.every((x, index) => x === index));
    await rested(rt);
    const more = await rt.load(new URL('./fixtures/tasks_more.js', import.meta.url));
    assert.ok(Object.keys(more).length > 0);
  });

  it('keeps locks, permits and what is in channels', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', IDLE);
    const [lock, permits, channel] = [rt.mutex(), rt.semaphore(1), rt.channel(4)];
    await lock.lock();
    await channel.send({ kept: true });
    await rested(rt);
    const waits = rt.call('lock_once', lock, -1);
    lock.unlock();
    assert.equal(await waits, 0);
    assert.equal(await rt.call('acquire', permits, 0), 0);
    assert.deepEqual(await channel.recv(), { kept: true });
  });

  it('callSync starts them as well, also at the very moment when they end', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { idleTimeoutMs: 1 });
    await rested(rt);
    assert.equal(rt.callSync('echo_i32', 4), 4);
    const end = performance.now() + 1500;
    for (let i = 0; performance.now() < end; i++) {
      assert.equal(i % 2 ? rt.callSync('echo_i32', i) : await rt.call('echo_i32', i), i);
      await new Promise((resolve) => setTimeout(resolve, i % 4));
    }
  });

  it('does not end them in a call, however long it takes, nor while calls follow each other', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { idleTimeoutMs: 500 });
    const [word] = [rt.array(Int32Array, 1)];
    const call = rt.call('wait_for', word);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(rt.info.running, 2);
    word[0] = 1;
    await call;
    const jobs = () => rt.stats().workers.reduce((sum, worker) => sum + worker.jobs, 0); // from 0 when workers start
    let longest = Infinity; // pause, in which a busy machine may do something else for too long
    for (let round = 0; longest >= 450 && round < 50; round++) {
      const before = (await rt.call('nothing'), jobs());
      let end = performance.now();
      longest = 0;
      for (let i = 0; i < 60; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        longest = Math.max(longest, performance.now() - end);
        await rt.call('nothing');
        end = performance.now();
      }
      if (longest < 450) assert.equal(jobs(), before + 60);
    }
    assert.ok(longest < 450, `a pause of ${longest} ms in every round`);
  });

  it('resizes and closes while they are ended', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', IDLE);
    await rested(rt);
    await rt.resize(3);
    await allWork(rt, 3);
    await rested(rt);
    await allWork(rt, 3);
    await rested(rt);
    await rt.close();
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_CLOSED', /./));
    assert.equal(rt.info.running, 0);
  });

  it('fails with the reason when they cannot be started again', LIMIT, async (t) => {
    let refuse = false;
    const createWorker = (settings) => {
      if (refuse) throw new Error('no more of them');
      return host.createWorker(settings);
    };
    const rt = await openRuntime({ ...host, createWorker },
      { module: modules.wasi, threads: 2, memoryBytes: 64 << 20, ...IDLE });
    t.after(() => rt.close());
    await rested(rt);
    refuse = true;
    const failed = weftError('WEFT_ERR_WORKER', /could not be started again/);
    await assert.rejects(rt.call('nothing'), failed);
    await assert.rejects(rt.call('nothing'), failed);
    assert.equal(rt.pending, 0);
  });

  it('lets the process exit by itself, before and after', LIMIT, async () => {
    for (const wait of ['', 'await new Promise((resolve) => { const look = () => rt.info.running ? setTimeout(look, 5) : resolve(); look(); });']) {
      const { code, stdout } = await runScript('wasi', `
        const rt = await createRuntime({ module, threads: 2, memoryBytes: 64 << 20, idleTimeoutMs: ${wait ? 20 : 100_000} });
        await rt.call('nothing');
        ${wait}
        console.log('done', rt.info.running);`);
      assert.deepEqual([code, stdout], [0, wait ? 'done 0\n' : 'done 2\n']);
    }
  });

  it('has no timer left while they are ended', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', IDLE);
    await rt.call('nothing');
    await rested(rt);
    await until(() => !process.getActiveResourcesInfo().includes('Timeout'));
  });
});

describe('rest', () => {
  it('is refused for threads of Emscripten', { ...LIMIT, skip: missing('emscripten') }, async () => {
    await assert.rejects(createRuntime({ module: modules.emscripten, threads: 1, idleTimeoutMs: 5, memoryBytes: 64 << 20 }),
      weftError('WEFT_ERR_UNSUPPORTED', /idleTimeoutMs/));
  });

  it('refuses what is no time', LIMIT, async () => {
    for (const idleTimeoutMs of [-1, NaN, Infinity, '5', null]) {
      await assert.rejects(createRuntime({ module: modules.wasi, idleTimeoutMs }), weftError('WEFT_ERR_INVALID', /idleTimeoutMs must be/));
    }
  });
});
