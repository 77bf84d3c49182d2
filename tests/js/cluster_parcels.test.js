// weft/cluster: several short chunks in one job of BullMQ. Results, failures, retries and
// stragglers are those of chunks that travel alone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Queue, QueueEvents } from 'bullmq';
import { createRuntime } from '../../js-glue/src/index.js';
import { startWorker } from '../../js-glue/src/cluster/index.js';
import { BullmqRun, cut } from '../../js-glue/src/cluster/bullmq-run.js';
import { LIMIT, MODULE, atEnd, missing, open, startRedis, startWorkerProcess, until } from './cluster-support.js';
import { weftError } from './support.js';

const SMALL = { threads: 1, memoryBytes: 64 * 1024 * 1024 };

const numbers = (count) => Array.from({ length: count }, (_, i) => i);

/** A map of which a chunk takes `ms`. */
function mapOf({ perJob = 16, inFlight = 64, ms } = {}) {
  const run = new BullmqRun(undefined, 'kernel', { perJob, inFlight });
  if (ms !== undefined) run.learn(ms);
  return run;
}

const entryOf = (run, { arrays = 16, copy = 0, again = 0, ended = false } = {}) => ({ run, again, ended, issue: { copy, packed: { arrays } } });
const sizes = (entries) => cut(entries).map((list) => list.length);

describe('chunks share a job', () => {
  it('as many as take a millisecond', () => {
    assert.equal(mapOf().perJob, 1, 'nothing is known');
    assert.equal(mapOf({ ms: 0.01 }).perJob, 16);
    assert.equal(mapOf({ ms: 0.25 }).perJob, 4);
    assert.equal(mapOf({ ms: 2 }).perJob, 1);
    assert.equal(mapOf({ ms: NaN }).perJob, 1);
    assert.equal(mapOf({ ms: 0.01, perJob: 5 }).perJob, 5);
    assert.equal(mapOf({ ms: 0.01, inFlight: 1 }).perJob, 1);
    assert.equal(mapOf({ ms: 0.01, inFlight: 32 }).perJob, 8, 'others want jobs too');
    const run = mapOf({ ms: 0.01 });
    run.learn(3);
    assert.equal(run.perJob, 1, 'a rise counts at once');
    run.learn(0.01);
    assert.equal(run.perJob, 1, 'a fall by halves');
    for (let i = 0; i < 20; i++) run.learn(0.01);
    assert.equal(run.perJob, 16);
  });

  it('of one map, if all of them are short and new', () => {
    const run = mapOf({ ms: 0.01 });
    assert.deepEqual(sizes(Array.from({ length: 40 }, () => entryOf(run))), [16, 16, 8]);
    assert.deepEqual(sizes([entryOf(run), entryOf(mapOf({ ms: 0.01 })), entryOf(run)]), [1, 1, 1]);
    assert.deepEqual(sizes([entryOf(run), entryOf(run, { arrays: 10_000 }), entryOf(run, { arrays: 7000 }), entryOf(run)]), [2, 2]);
    assert.deepEqual(sizes([entryOf(run), entryOf(run, { arrays: 1e6 }), entryOf(run)]), [1, 1, 1]);
    assert.deepEqual(sizes([entryOf(run), entryOf(run, { copy: 1 }), entryOf(run), entryOf(run)]), [1, 1, 2]);
    assert.deepEqual(sizes([entryOf(run), entryOf(run, { again: 1 }), entryOf(run)]), [1, 1, 1]);
    assert.deepEqual(sizes([entryOf(run), entryOf(run, { ended: true }), entryOf(run)]), [2]);
    assert.deepEqual(sizes([entryOf(run, { ended: true })]), []);
    const first = entryOf(run);
    assert.deepEqual(cut([first, entryOf(run)])[0][0], first);
  });
});

describe('jobs of several chunks', { skip: missing() }, () => {
  const startIn = async (t, options) => {
    const worker = await startWorker({ ...SMALL, ...options });
    atEnd(t, () => worker.close({ cancel: true }));
    return worker;
  };

  const lookAt = (t, url) => {
    const queue = new Queue('weft', { connection: { url, maxRetriesPerRequest: null }, prefix: 'weft' });
    queue.on('error', () => {});
    atEnd(t, () => queue.close());
    return queue;
  };

  it('give the bits and the order of chunks that travel alone', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const options = { connection: redis.url };
    const worker = await startIn(t, options);
    const events = new QueueEvents('weft', { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: 'weft' });
    atEnd(t, () => events.close());
    const jobs = new Map(); // by the map
    events.on('completed', ({ jobId }) => {
      const map = jobId.split('-')[0];
      jobs.set(map, (jobs.get(map) ?? 0) + 1);
    });
    await events.waitUntilReady();
    const cluster = await open(t, options);
    const rt = await createRuntime({ module: MODULE, ...SMALL });
    atEnd(t, () => rt.close());
    const chunks = Array.from({ length: 2000 }, (_, i) => [i, 70]);
    const wanted = await Promise.all(chunks.map((chunk) => rt.call('noise_sum', ...chunk)));
    assert.deepEqual(await cluster.map('noise_sum', chunks), wanted);
    assert.equal(worker.done, 2000);
    assert.deepEqual(await cluster.map('noise_sum', chunks.slice(0, 200), { perJob: 1 }), wanted.slice(0, 200));
    await cluster.map('sleep_then', [[0, 1]]); // its event comes after all others
    await until(() => jobs.size === 3, 'all events');
    const [shared, alone] = jobs.values();
    assert.ok(shared < 2000, `${shared} jobs for 2000 chunks`);
    assert.equal(alone, 200);
  });

  it('fail with the chunk that failed, and nothing else', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const options = { connection: redis.url };
    await startIn(t, options);
    const cluster = await open(t, options);
    const queue = lookAt(t, redis.url);
    const chunks = Array.from({ length: 1500 }, (_, i) => (i === 1234 ? [i] : [i, 10]));
    await assert.rejects(cluster.map('noise_sum', chunks), weftError('WEFT_ERR_INVALID', /^chunk 1234: noise_sum takes 2 arguments, got 1/));
    await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0, 'the queue is empty');
    const [failed] = await queue.getFailed();
    assert.match(failed.failedReason, /^WEFT_ERR_INVALID: chunk 1234: noise_sum takes/);
    assert.equal((await cluster.map('noise_sum', chunks.slice(0, 1234))).length, 1234);
  });

  it('lose and double nothing while their workers are killed', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const args = ['--concurrency', '4', '--recover', '1'];
    let victim = await startWorkerProcess(t, redis.url, args);
    await startWorkerProcess(t, redis.url, args);
    const cluster = await open(t, { connection: redis.url });
    const count = 8000;
    let done = 0;
    const running = cluster.map('sleep_then', Array.from({ length: count }, (_, i) => [0, i]), { onProgress: (progress) => {
      done = progress.done;
    } });
    for (const mark of [1000, 4000]) {
      await until(() => done >= mark);
      await victim.kill('SIGKILL');
      if (mark === 1000) victim = await startWorkerProcess(t, redis.url, args);
    }
    assert.deepEqual(await running, numbers(count));
    assert.equal(done, count);
  });

  it('are issued again, a chunk at a time, when their worker is slow', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const slow = await startWorkerProcess(t, redis.url, ['--concurrency', '2', '--recover', '600']);
    const queue = lookAt(t, redis.url);
    const cluster = await open(t, { connection: redis.url });
    const count = 608;
    let last;
    // Short ones teach that chunks are short; the others are not.
    const chunks = Array.from({ length: count }, (_, i) => [i < 600 ? 0 : 3000, i]);
    const running = cluster.map('sleep_then', chunks, { reissueAfterMs: 500, onProgress: (progress) => {
      last = progress;
    } });
    await until(async () => (await queue.getActive()).some((job) => job?.data.chunks.some(([index]) => index >= 600)), 'a long one runs');
    slow.child.kill('SIGSTOP');
    await startIn(t, { connection: redis.url, concurrency: 8, recoverMs: 600_000 });
    assert.deepEqual(await running, numbers(count));
    assert.ok(last.reissued >= 1, `${last.reissued} were issued again`);
    slow.child.kill('SIGCONT');
    assert.deepEqual(await cluster.map('sleep_then', chunks.slice(0, 100)), numbers(100));
  });

  it('are removed from the queue when nobody wants them', LIMIT, async (t) => {
    const redis = await startRedis(t);
    const options = { connection: redis.url };
    const worker = await startIn(t, options);
    const cluster = await open(t, options);
    const queue = lookAt(t, redis.url);
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = cluster.map('sleep_then', Array.from({ length: 100_000 }, (_, i) => [0, i]), { signal: controller.signal });
    const refused = assert.rejects(running, reason);
    await until(() => worker.done > 2000);
    await worker.close();
    await until(async () => (await queue.getWaitingCount()) > 0);
    controller.abort(reason);
    await refused;
    await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0, 'the queue is empty');
  });
});
