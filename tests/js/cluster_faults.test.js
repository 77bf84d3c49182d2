// weft/cluster when things break: workers, Redis, and the wire between them. Nothing is lost,
// nothing comes twice, nothing hangs.

import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Queue } from 'bullmq';
import { startWorker } from '../../js-glue/src/cluster/index.js';
import { LIMIT, atEnd, missing, missingDisks, open, startRedis, startWire, startWorkerProcess, until } from './cluster-support.js';
import { weftError } from './support.js';

const MIB = 1024 * 1024;
const SMALL = { threads: 1, memoryBytes: 64 * MIB };

/** Chunks that take a moment, and whose results are their numbers. */
const numbered = (count, ms) => Array.from({ length: count }, (_, i) => [ms, i]);
const numbers = (count) => Array.from({ length: count }, (_, i) => i);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function startIn(t, options) {
  const worker = await startWorker({ ...SMALL, ...options });
  atEnd(t, () => worker.close({ cancel: true }));
  return worker;
}

/** A look at the queue from outside. */
function lookAt(t, url) {
  const queue = new Queue('weft', { connection: { url, maxRetriesPerRequest: null }, prefix: 'weft' });
  queue.on('error', () => {});
  atEnd(t, () => queue.close());
  return queue;
}

/** onProgress that resolves once so many chunks are done. */
function milestone(count) {
  let reach;
  const reached = new Promise((resolve) => {
    reach = resolve;
  });
  return { reached, last: undefined, onProgress(progress) {
    this.last = progress;
    if (progress.done >= count) reach();
  } };
}

/** A map waits while Redis takes nothing, and says why when that lasts for longer than its patience. */
async function outlasts(t, redis, fail, mend) {
  await startIn(t, { connection: redis.url, concurrency: 2, recoverMs: 1000 });
  const cluster = await open(t, { connection: redis.url });
  const mark = milestone(20);
  const running = cluster.map('sleep_then', numbered(100, 20), { inFlight: 8, onProgress: (progress) => mark.onProgress(progress) });
  await mark.reached;
  await fail();
  await sleep(1500);
  await mend();
  assert.deepEqual(await running, numbers(100));
  const impatient = await open(t, { connection: redis.url, patienceMs: 4000 });
  await fail();
  await assert.rejects(impatient.map('sleep_then', [[1, 1]]), weftError('WEFT_ERR_ENGINE', /cannot write its files.*is its disk full/));
  await mend();
  assert.deepEqual(await impatient.map('sleep_then', [[1, 1]]), [1]);
}

describe('weft/cluster when things break', { skip: missing() }, () => {
  it('loses and doubles nothing of 1000 chunks while workers are killed twice', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const args = ['--concurrency', '8', '--recover', '1'];
    const survivor = await startWorkerProcess(t, redis.url, args);
    let victim = await startWorkerProcess(t, redis.url, args);
    const cluster = await open(t, { connection: redis.url });
    const marks = [milestone(200), milestone(600)];
    const running = cluster.map('sleep_then', numbered(1000, 20), { onProgress: (progress) => marks.forEach((mark) => mark.onProgress(progress)) });
    await marks[0].reached;
    await victim.kill('SIGKILL');
    victim = await startWorkerProcess(t, redis.url, args);
    await marks[1].reached;
    await victim.kill('SIGKILL');
    assert.deepEqual(await running, numbers(1000));
    assert.match(survivor.output, /has lost its worker/);
    assert.deepEqual([marks[0].last.done, marks[0].last.issued], [1000, 1000]);
  });

  it('goes on after Redis was killed and has come back with its files', LIMIT, async (t) => {
    const redis = await startRedis(t, ['--appendonly', 'yes', '--appendfsync', 'always']);
    await startIn(t, { connection: redis.url, concurrency: 4, recoverMs: 1000 });
    const cluster = await open(t, { connection: redis.url });
    const mark = milestone(50);
    const running = cluster.map('sleep_then', numbered(200, 20), { onProgress: (progress) => mark.onProgress(progress) });
    await mark.reached;
    await redis.stop('SIGKILL');
    await sleep(500);
    await redis.start();
    assert.deepEqual(await running, numbers(200));
  });

  it('goes on even after Redis has lost everything', LIMIT, async (t) => {
    const redis = await startRedis(t);
    await startIn(t, { connection: redis.url, concurrency: 4, recoverMs: 1000 });
    const cluster = await open(t, { connection: redis.url, patienceMs: 200_000 });
    const mark = milestone(50);
    const running = cluster.map('sleep_then', numbered(200, 20), { onProgress: (progress) => mark.onProgress(progress) });
    await mark.reached;
    await redis.stop('SIGKILL');
    await redis.start();
    assert.deepEqual(await running, numbers(200));
  });

  it('gives up on a Redis that does not come back, in bounded time', LIMIT, async (t) => {
    const redis = await startRedis(t);
    await startIn(t, { connection: redis.url });
    const cluster = await open(t, { connection: redis.url, patienceMs: 5000 });
    const mark = milestone(5);
    const running = cluster.map('sleep_then', numbered(10_000, 20), { onProgress: (progress) => mark.onProgress(progress) });
    const refused = assert.rejects(running, weftError('WEFT_ERR_ENGINE', /out of reach for 5000 ms/));
    await mark.reached;
    await redis.stop('SIGKILL');
    await refused;
    await cluster.close();
  });

  it('ends at SIGTERM also while Redis is away, with and without chunks', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const idle = await startWorkerProcess(t, redis.url, ['--queue', 'idle']);
    const busy = await startWorkerProcess(t, redis.url, ['--recover', '1']);
    const cluster = await open(t, { connection: redis.url });
    const refused = assert.rejects(cluster.map('sleep_then', [[100_000, 1]]), weftError('WEFT_ERR_CANCELLED', /close/));
    const queue = lookAt(t, redis.url);
    await until(async () => (await queue.getActiveCount()) === 1);
    await redis.stop('SIGKILL');
    for (const worker of [idle, busy]) {
      worker.child.kill('SIGTERM');
      await until(() => worker.ended);
      assert.equal(worker.child.exitCode, 0, worker.output);
      assert.match(worker.output, /stays out of reach: ends without it/);
    }
    await cluster.close({ cancel: true });
    await refused;
  });

  it('goes on after a wire was cut for 10 seconds, between Redis and caller and worker', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const [near, far] = [await startWire(t, redis.port), await startWire(t, redis.port)];
    await startIn(t, { connection: far.url, concurrency: 4, recoverMs: 3000 });
    await startIn(t, { connection: redis.url, concurrency: 1, recoverMs: 3000 });
    const cluster = await open(t, { connection: near.url });
    const mark = milestone(60);
    const running = cluster.map('sleep_then', numbered(500, 20), { onProgress: (progress) => mark.onProgress(progress) });
    await mark.reached;
    near.sever();
    far.sever();
    await sleep(10_000);
    near.restore();
    far.restore();
    assert.deepEqual(await running, numbers(500));
  });

  it('gives the chunks of a slow worker to another, and ignores what comes late', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const slow = await startWorkerProcess(t, redis.url, ['--concurrency', '2', '--recover', '600']);
    const queue = lookAt(t, redis.url);
    const cluster = await open(t, { connection: redis.url });
    const mark = milestone(0);
    const running = cluster.map('sleep_then', numbered(20, 300), { reissueAfterMs: 1000, onProgress: (progress) => mark.onProgress(progress) });
    await until(async () => (await queue.getActiveCount()) === 2);
    slow.child.kill('SIGSTOP');
    await startIn(t, { connection: redis.url, concurrency: 8, recoverMs: 600_000 });
    assert.deepEqual(await running, numbers(20));
    assert.ok(mark.last.reissued >= 1 && mark.last.reissued <= 20, `${mark.last.reissued} were issued again`);
    slow.child.kill('SIGCONT');
    assert.deepEqual(await cluster.map('sleep_then', numbered(30, 1)), numbers(30));
  });

  it('waits for room when Redis is out of memory, and says so when there is none', LIMIT, async (t) => {
    const redis = await startRedis(t);
    await startIn(t, { connection: redis.url, concurrency: 2, recoverMs: 1000 });
    const cluster = await open(t, { connection: redis.url });
    const mark = milestone(20);
    const xs = new Float64Array(20_000); // 160 kB: under a key of its own
    const running = cluster.map('weft_sum_f64', (function* chunks() {
      for (let i = 0; i < 200; i++) yield [xs.fill(i), xs.length];
    })(), { inFlight: 8, onProgress: (progress) => mark.onProgress(progress) });
    await mark.reached;
    redis.ask('CONFIG', 'SET', 'maxmemory', '1mb');
    await sleep(1500);
    redis.ask('CONFIG', 'SET', 'maxmemory', '0');
    assert.deepEqual(await running, numbers(200).map((i) => i * 20_000));
    redis.ask('CONFIG', 'SET', 'maxmemory', '1mb');
    const hasty = cluster.map('weft_sum_f64', [[xs, xs.length]], { signal: AbortSignal.timeout(1000) });
    await assert.rejects(hasty, { name: 'TimeoutError' });
    redis.ask('CONFIG', 'SET', 'maxmemory', '0');
    const impatient = await open(t, { connection: redis.url, patienceMs: 4000 });
    redis.ask('CONFIG', 'SET', 'maxmemory', '1mb');
    await assert.rejects(impatient.map('weft_sum_f64', [[xs, xs.length]]), weftError('WEFT_ERR_NOMEM', /out of memory: raise maxmemory/));
    redis.ask('CONFIG', 'SET', 'maxmemory', '0');
    assert.deepEqual(await impatient.map('weft_sum_f64', [[xs.fill(1), xs.length]]), [20_000]);
  });

  it('waits while Redis cannot write its files, and says so when that lasts', LIMIT, async (t) => {
    // As with a full disk: a snapshot fails, and Redis takes no more writes. Here something is in its place.
    const redis = await startRedis(t, ['--save', '3600 1', '--dbfilename', 'taken.rdb', '--stop-writes-on-bgsave-error', 'yes']);
    const taken = path.join(redis.folder, 'taken.rdb');
    const fail = async () => {
      rmSync(taken, { recursive: true, force: true });
      mkdirSync(taken);
      writeFileSync(path.join(taken, 'file'), '');
      redis.ask('BGSAVE');
      await until(() => redis.ask('INFO', 'persistence').includes('rdb_last_bgsave_status:err'));
    };
    const mend = async () => {
      rmSync(taken, { recursive: true });
      redis.ask('BGSAVE');
      await until(() => redis.ask('INFO', 'persistence').includes('rdb_last_bgsave_status:ok'));
    };
    await outlasts(t, redis, fail, mend);
  });

  it('waits while the disk of Redis is full, and says so when that lasts', { ...LIMIT, skip: missingDisks() }, async (t) => {
    const redis = await startRedis(t, ['--appendonly', 'yes', '--appendfsync', 'everysec'], { disk: '8m' });
    const fill = async () => {
      const ballast = openSync(path.join(redis.disk, 'ballast'), 'w');
      assert.throws(() => {
        for (;;) writeSync(ballast, Buffer.alloc(4096));
      }, { code: 'ENOSPC' });
      closeSync(ballast);
      await until(() => redis.ask('SET', 'probe', 'x'.repeat(5000)).includes('No space left on device'), 'the disk is full');
    };
    const mend = async () => {
      rmSync(path.join(redis.disk, 'ballast'));
      await until(() => redis.ask('SET', 'probe', '') === 'OK', 'Redis writes again');
    };
    await outlasts(t, redis, fill, mend);
  });
});
