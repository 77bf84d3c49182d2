// weft/cluster over BullMQ and a real redis-server: what it gives, and what it says of bad input.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { before, describe, it, after } from 'node:test';
import { Queue, QueueEvents } from 'bullmq';
import { createRuntime } from '../../js-glue/src/index.js';
import { connect, inout, out, slices, startWorker } from '../../js-glue/src/cluster/index.js';
import { LIMIT, MODULE, SECOND, atEnd, makeHosts, missing, missingNamespaces, open, startRedis, startWorkerProcess, until } from './cluster-support.js';
import { weftError } from './support.js';
import { cpuOf } from '../bench/cluster/processes.js';

const MIB = 1024 * 1024;
const WEFT = fileURLToPath(new URL('../../js-glue/bin/weft.js', import.meta.url));
const SMALL = { threads: 1, memoryBytes: 64 * MIB };

const noise = (count) => Float64Array.from({ length: count }, (_, i) => Math.sin(i * i) * 10 ** (i % 9));
const add = (a, b) => a + b;

/** A worker in this process that ends with the test. */
async function startIn(t, options) {
  const worker = await startWorker({ ...SMALL, ...options });
  atEnd(t, () => worker.close({ cancel: true }));
  return worker;
}

describe('weft/cluster over BullMQ', { skip: missing() }, () => {
  let redis;
  let end;
  before(async () => {
    redis = await startRedis({
      after: (hook) => {
        end = hook;
      },
    });
  }, LIMIT);
  after(() => end());

  /** A queue for one test. */
  const queueOf = (t) => ({ connection: redis.url, queue: t.name.replace(/[^a-z]+/g, '-').slice(0, 40) });

  it('gives the bits of one runtime on any number of workers and threads', LIMIT, async (t) => {
    const xs = noise(60_000);
    const seeds = Array.from({ length: 40 }, (_, i) => [i, 5000]);
    const rt = await createRuntime({ module: MODULE, threads: 2, memoryBytes: 64 * MIB });
    atEnd(t, () => rt.close());
    const sums = [];
    for (const [slice, count] of slices(xs, 500)) sums.push(await rt.call('weft_sum_f64', rt.share(slice), count));
    const noises = await Promise.all(seeds.map((chunk) => rt.call('noise_sum', ...chunk)));
    const where = queueOf(t);
    const cluster = await open(t, where);
    for (const threads of [1, 2, 3]) {
      await startIn(t, { ...where, threads });
      assert.deepEqual(await cluster.map('weft_sum_f64', slices(xs, 500)), sums);
      assert.ok(Object.is(await cluster.reduce('weft_sum_f64', slices(xs, 500), add), sums.reduce(add)));
      assert.deepEqual(await cluster.map('noise_sum', seeds), noises);
    }
  });

  it('carries arrays of every size there and back, as bytes', LIMIT, async (t) => {
    const where = queueOf(t);
    const cluster = await open(t, where);
    await startIn(t, where);
    for (const count of [0, 1, 255, 256, 2047, 2048, 2049, 100_000]) {
      const xs = noise(count);
      const [{ value, arrays: [sorted] }] = await cluster.map('weft_sort_f64', [[inout(xs), count]]);
      assert.equal(value, 0);
      assert.deepEqual(sorted, xs.slice().sort());
    }
    const [{ arrays: [bytes] }] = await cluster.map('fill', [[out(Uint8Array, 3 * MIB), 3 * MIB, 1]]);
    assert.ok(bytes.every((byte, i) => byte === ((i + 1) & 255)));
    const special = Float64Array.of(-0, Infinity, -1e-310);
    assert.deepEqual(await cluster.map('weft_sum_f64', [[special.subarray(0, 1), 1], [special.subarray(1), 2]]), [0, Infinity]);
    assert.deepEqual(await cluster.map('weft_nqueens', [[8], [9]]), [92n, 352n]);
    // Arrays of a runtime are on shared memory; they are copied.
    const rt = await createRuntime({ module: MODULE, ...SMALL });
    atEnd(t, () => rt.close());
    assert.deepEqual(await cluster.map('weft_sum_f64', [[rt.share(Float64Array.of(1, 2)), 2]]), [3]);
    // Nothing is left of what was large.
    await until(() => redis.ask('--scan', '--pattern', `weft:${where.queue}:weft:in:*`) === '' &&
      redis.ask('--scan', '--pattern', `weft:${where.queue}:weft:out:*`) === '', 'payloads are gone');
  });

  it('sends the module once, by its digest', LIMIT, async (t) => {
    const where = queueOf(t);
    const lines = [];
    await startIn(t, { ...where, log: (line) => lines.push(line) });
    const cluster = await open(t, where);
    await cluster.map('noise_sum', Array.from({ length: 30 }, (_, i) => [i, 10]));
    await cluster.map('noise_sum', [[1, 1]]);
    const loaded = lines.filter((line) => line.includes('loaded'));
    assert.equal(loaded.length, 1, lines.join('\n'));
    assert.ok(loaded[0].includes(cluster.info.module.slice(0, 12)));
    assert.equal(redis.ask('--scan', '--pattern', `weft:${where.queue}:weft:module:*`), `weft:${where.queue}:weft:module:${cluster.info.module}`);
    // Another build of the same names goes beside it: workers tell them apart.
    const second = await open(t, { ...where, module: SECOND });
    assert.deepEqual(await second.map('only_in_the_second_build', [[]]), [2]);
    assert.equal(lines.filter((line) => line.includes('loaded')).length, 2);
  });

  it('brings the module again when Redis has lost it', LIMIT, async (t) => {
    const where = queueOf(t);
    const cluster = await open(t, where);
    const running = cluster.map('noise_sum', [[1, 10], [2, 10]]);
    await until(() => redis.ask('DEL', `weft:${where.queue}:weft:module:${cluster.info.module}`) === '1');
    await startIn(t, where);
    assert.equal((await running).length, 2);
  });

  it('reports failures with their code, the chunk and the wasm stack', LIMIT, async (t) => {
    const where = queueOf(t);
    await startIn(t, where);
    const cluster = await open(t, where);
    await assert.rejects(cluster.map('trap', [[]]), weftError('WEFT_ERR_TRAP', /^chunk 0: trap/));
    await assert.rejects(cluster.map('noise_sum', [[1, 1], [1]]), weftError('WEFT_ERR_INVALID', /^chunk 1: noise_sum takes 2 arguments, got 1/));
    await assert.rejects(cluster.map('noise_summ', [[1, 1]]), weftError('WEFT_ERR_EXPORT', /did you mean noise_sum/));
    await assert.rejects(cluster.map('weft_sum_f64', [[1 << 30, 1 << 20]]), weftError('WEFT_ERR_TRAP', /chunk 0/));
    assert.deepEqual(await cluster.map('weft_nqueens', [[6]]), [4n]); // the worker lives
  });

  it('refuses chunks and results that are larger than a job may be', LIMIT, async (t) => {
    const where = { ...queueOf(t), chunkBytesMax: 100_000 };
    await startIn(t, queueOf(t));
    const cluster = await open(t, where);
    await assert.rejects(cluster.map('weft_sum_f64', [[new Float64Array(10), 10], [new Float64Array(20_000), 20_000]]),
      weftError('WEFT_ERR_LIMIT', /chunk 1 of weft_sum_f64 has 1600\d\d bytes, at most 100000/));
    await assert.rejects(cluster.map('fill', [[out(Uint8Array, 200_000), 200_000, 0]]), weftError('WEFT_ERR_LIMIT', /the result has 2000\d\d bytes/));
    // More than the worker's memory holds.
    const roomy = await open(t, { ...queueOf(t), chunkBytesMax: 512 * MIB });
    await assert.rejects(roomy.map('fill', [[out(Uint8Array, 200 * MIB), 200 * MIB, 0]], { attempts: 1 }), weftError('WEFT_ERR_NOMEM', /chunk 0/));
  });

  it('tells a worker of another build', LIMIT, async (t) => {
    const where = queueOf(t);
    await startIn(t, { ...where, module: SECOND });
    const cluster = await open(t, where);
    await assert.rejects(cluster.map('noise_sum', [[1, 1]]), weftError('WEFT_ERR_MODULE', /not of the same build/));
  });

  it('tells a caller of another version, a kernel that is missing, and a damaged module', LIMIT, async (t) => {
    const where = queueOf(t);
    await startIn(t, where);
    const cluster = await open(t, where);
    const options = { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: 'weft' };
    const queue = new Queue(where.queue, options);
    const events = new QueueEvents(where.queue, options);
    atEnd(t, () => Promise.all([queue.close(), events.close()]));
    await events.waitUntilReady();
    const makeRun = (run, module) => redis.ask('SET', `weft:${where.queue}:weft:run:${run}`, JSON.stringify({ module, most: 1000 }));
    makeRun('hand', cluster.info.module);
    const send = async (name, data) => {
      const job = await queue.add(name, { weft: 2, run: 'hand', chunks: [[0, 'EQAAAAA=']], ...data });
      return job.waitUntilFinished(events, 60_000);
    };
    await cluster.map('weft_nqueens', [[1]]); // so that the module is there
    await assert.rejects(send('noise_sum', { weft: 99 }), /WEFT_ERR_MODULE: the caller speaks version 99/);
    await assert.rejects(send('no_such_kernel', {}), /WEFT_ERR_EXPORT: chunk 0: .*no_such_kernel/);
    await assert.rejects(send('noise_sum', { chunks: [[7, '////']] }), /WEFT_ERR_INVALID: chunk 7: the chunk is damaged/);
    makeRun('other', 'no-such-digest');
    assert.deepEqual(await send('noise_sum', { run: 'other' }), { again: 'the module was not in Redis' });
    assert.deepEqual(await send('noise_sum', { run: 'nobody' }), { again: 'its caller seemed to be gone' });
    redis.ask('SET', `weft:${where.queue}:weft:module:wrong`, 'this is no module');
    makeRun('wrong', 'wrong');
    await assert.rejects(send('noise_sum', { run: 'wrong' }), /WEFT_ERR_MODULE: the module in Redis is not the one/);
  });

  it('takes a chunk that is delivered twice once', LIMIT, async (t) => {
    const where = queueOf(t);
    const cluster = await open(t, where);
    const options = { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: 'weft' };
    const queue = new Queue(where.queue, options);
    atEnd(t, () => queue.close());
    const running = cluster.map('noise_sum', Array.from({ length: 20 }, (_, i) => [i, 100]), { inFlight: 20 });
    await until(async () => (await queue.getWaitingCount()) === 20);
    const jobs = await queue.getWaiting();
    // The same jobs once more, under their ids and under others.
    for (const job of jobs) {
      await queue.add(job.name, job.data, { jobId: job.id, removeOnComplete: true });
      await queue.add(job.name, job.data, { removeOnComplete: true });
    }
    const worker = await startIn(t, { ...where, concurrency: 4 });
    const rt = await createRuntime({ module: MODULE, ...SMALL });
    atEnd(t, () => rt.close());
    assert.deepEqual(await running, await Promise.all(Array.from({ length: 20 }, (_, i) => rt.call('noise_sum', i, 100))));
    assert.ok(worker.done >= 20);
  });

  it('cancels what runs on workers when it is aborted, and removes what waits', LIMIT, async (t) => {
    const where = queueOf(t);
    const worker = await startIn(t, where);
    const cluster = await open(t, where);
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = cluster.map('sleep_then', Array.from({ length: 30 }, () => [600_000, 1]), { signal: controller.signal });
    const refused = assert.rejects(running, reason);
    const queue = new Queue(where.queue, { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: 'weft' });
    atEnd(t, () => queue.close());
    await until(async () => (await queue.getActiveCount()) === 2);
    controller.abort(reason);
    await refused;
    await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0, 'the queue is empty');
    assert.equal(worker.done, 0);
    assert.deepEqual(await cluster.map('sleep_then', [[0, 7]]), [7]);
  });

  it('closes in the middle of a map', LIMIT, async (t) => {
    const where = queueOf(t);
    await startIn(t, where);
    const cluster = await open(t, where);
    const running = cluster.map('sleep_then', [[200, 1], [200, 2], [200, 3]]);
    const closed = cluster.close();
    await assert.rejects(cluster.map('sleep_then', [[0, 1]]), weftError('WEFT_ERR_CLOSED', /closed/));
    assert.deepEqual(await running, [1, 2, 3]);
    await closed;
    const other = await open(t, where);
    const refused = assert.rejects(other.map('sleep_then', [[600_000, 1]]), weftError('WEFT_ERR_CANCELLED', /close/));
    await other.map('sleep_then', [[0, 1]]);
    await other.close({ cancel: true });
    await refused;
  });

  it('says that there are no workers', LIMIT, async (t) => {
    const cluster = await open(t, { ...queueOf(t), patienceMs: 500 });
    await assert.rejects(cluster.map('noise_sum', [[1, 1]]), weftError('WEFT_ERR_TIMEOUT', /no worker listens to queue .*npx weft worker/));
  });

  it('gives up on a Redis that is not there, and on a wrong password', LIMIT, async (t) => {
    const engine = (message) => weftError('WEFT_ERR_ENGINE', message);
    const nowhere = { connection: 'redis://:secret@127.0.0.1:1', connectTimeoutMs: 500 };
    await assert.rejects(connect(nowhere), engine(/^Redis at redis:\/\/127\.0\.0\.1:1 is out of reach for 500 ms: .*ECONNREFUSED/));
    await assert.rejects(startWorker(nowhere), engine(/out of reach/));
    const locked = await startRedis(t, ['--requirepass', 'right']);
    for (const user of ['', ':wrong@']) {
      const connection = locked.url.replace('//', `//${user}`);
      await assert.rejects(connect({ connection }), engine(/does not let us in/));
      await assert.rejects(startWorker({ connection }), engine(/does not let us in/));
    }
    const { status, stderr } = spawnSync(process.execPath, [WEFT, 'worker', '--redis', locked.url.replace('//', '//:wrong@')], { encoding: 'utf8', timeout: 120_000 });
    assert.equal(status, 1);
    assert.match(stderr, /weft: Redis at redis:\/\/127\.0\.0\.1:\d+ does not let us in/);
    const connection = locked.url.replace('//', '//:right@');
    await startIn(t, { connection });
    const cluster = await open(t, { connection });
    assert.deepEqual(await cluster.map('weft_nqueens', [[6]]), [4n]);
  });

  it('has a command that drains at SIGTERM, and ends at once at the second', LIMIT, async (t) => {
    const where = queueOf(t);
    const args = ['--queue', where.queue, '--concurrency', '1', '--recover', '2'];
    const first = await startWorkerProcess(t, redis.url, args, { module: MODULE });
    assert.match(first.output, /listens to queue .* of redis:\/\/127\.0\.0\.1/);
    const cluster = await open(t, where);
    const running = cluster.map('sleep_then', [[1500, 1], [1, 2]]);
    const queue = new Queue(where.queue, { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: 'weft' });
    atEnd(t, () => queue.close());
    await until(async () => (await queue.getActiveCount()) === 1);
    first.child.kill('SIGTERM');
    await until(() => first.ended);
    assert.equal(first.child.exitCode, 0, first.output);
    assert.match(first.output, /ends after 1 chunks/);
    const second = await startWorkerProcess(t, redis.url, args);
    assert.deepEqual(await running, [1, 2]);
    const endless = cluster.map('sleep_then', [[60_000, 1]]);
    const refused = assert.rejects(endless, weftError('WEFT_ERR_CANCELLED', /close/));
    await until(async () => (await queue.getActiveCount()) === 1);
    second.child.kill('SIGTERM');
    await until(() => second.output.includes('takes no more'));
    second.child.kill('SIGTERM');
    await until(() => second.ended);
    assert.equal(second.child.exitCode, 143, second.output);
    await cluster.close({ cancel: true });
    await refused;
  });

  it('rests while there is nothing to do', LIMIT, async (t) => {
    const where = queueOf(t);
    const worker = await startWorkerProcess(t, redis.url, ['--queue', where.queue]);
    const cluster = await open(t, where);
    await cluster.map('sleep_then', Array.from({ length: 200 }, (_, i) => [0, i]));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // what V8 still does of its own
    const before = cpuOf(worker.child.pid);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const used = cpuOf(worker.child.pid) - before;
    assert.ok(used < 300, `${used} ms of CPU time in 3000 ms`); // as a rule under 10
    assert.deepEqual(await cluster.map('sleep_then', [[0, 1]]), [1]);
  });

  it('has a command that explains itself', LIMIT, () => {
    const weft = (...args) => spawnSync(process.execPath, [WEFT, 'worker', ...args], { encoding: 'utf8', timeout: 120_000, env: { ...process.env, WEFT_REDIS: '' } });
    const help = weft('--help');
    assert.equal(help.status, 0);
    for (const option of ['--redis', '--queue', '--threads', '--concurrency', '--memory', '--module', '--recover', 'SIGTERM']) assert.ok(help.stdout.includes(option), option);
    for (const [args, message] of [[[], /--redis URL is wanted/], [['--redis', 'redis://x', '--memory', '1X'], /--memory must be a size/],
      [['--redis', 'redis://x', '--threads', 'two'], /--threads must be a number/], [['--redis', 'redis://x', '--concurrency', '0'], /--concurrency must be a number from 1 on/], [['--nothing'], /unknown option/i]]) {
      const { status, stderr } = weft(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
    assert.equal(weft('--redis', 'redis://127.0.0.1:1', '--concurrency', '100').status, 1);
  });

  it('reads a module of one\'s own by its bytes and by its path', LIMIT, async (t) => {
    const where = queueOf(t);
    await startIn(t, where);
    const bytes = await open(t, { ...where, module: readFileSync(MODULE) });
    assert.deepEqual(await bytes.map('sleep_then', [[0, 3]]), [3]);
    await assert.rejects(connect({ ...where, module: '/no/such/file.wasm' }), weftError('WEFT_ERR_MODULE', /cannot be read/));
    await assert.rejects(connect({ ...where, module: new Uint8Array(8) }), weftError('WEFT_ERR_MODULE', /not a WebAssembly module/));
    await assert.rejects(connect({ ...where, module: 'kernels.js' }), weftError('WEFT_ERR_UNSUPPORTED', /wasi flavour/));
  });
});

describe('weft/cluster on two hosts', { skip: missingNamespaces() }, () => {
  it('computes on another network, and goes on after its cable was out', LIMIT, async (t) => {
    const [one, two] = makeHosts(t);
    const redis = await startRedis(t, ['--protected-mode', 'no'], { host: one.address, inside: one.inside });
    const workers = [await startWorkerProcess(t, redis.url, ['--recover', '2'], { inside: one.inside }),
      await startWorkerProcess(t, redis.url, ['--recover', '2'], { inside: two.inside })];
    const script = `
      import { connect } from ${JSON.stringify(new URL('../../js-glue/src/cluster/index.js', import.meta.url).href)};
      const cluster = await connect({ connection: ${JSON.stringify(redis.url)}, module: ${JSON.stringify(MODULE)} });
      const sum = await cluster.reduce('noise_sum', Array.from({ length: 200 }, (_, i) => [i, 2000]), (a, b) => a + b);
      console.log('sum', sum);
      const chunks = Array.from({ length: 100 }, (_, i) => [50, i]);
      const all = await cluster.map('sleep_then', chunks, { onProgress: ({ done }) => { if (done > 20) console.log('part'); } });
      console.log('all', all.every((value, i) => value === i), all.length);
      await cluster.close();`;
    const [command, ...args] = [...two.inside, process.execPath, '--input-type=module', '--eval', script];
    const caller = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    atEnd(t, () => caller.kill('SIGKILL'));
    let output = '';
    caller.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    await until(() => output.includes('part') || caller.exitCode !== null);
    two.setCable('down');
    await new Promise((resolve) => setTimeout(resolve, 3000)); // longer than --recover
    two.setCable('up');
    await until(() => caller.exitCode !== null, 'the caller has ended');
    assert.equal(caller.exitCode, 0);
    assert.match(output, /^all true 100$/m);
    const rt = await createRuntime({ module: MODULE, ...SMALL });
    atEnd(t, () => rt.close());
    let sum = await rt.call('noise_sum', 0, 2000);
    for (let i = 1; i < 200; i++) sum += await rt.call('noise_sum', i, 2000);
    assert.equal(/^sum (.*)$/m.exec(output)[1], String(sum));
    await Promise.all(workers.map((worker) => worker.kill('SIGTERM')));
    for (const worker of workers) assert.equal(worker.child.exitCode, 0, worker.output);
  });
});
