// Without workers: the same module, the same calls and the same bits, on the calling thread.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { LIMIT, forEachFlavour, missing, modules, open, runScript, weftError } from './support.js';

const TASKS = new URL('./fixtures/solo-tasks.js', import.meta.url);

/** A runtime without workers. */
const openAlone = (t, flavour, options = {}) => open(t, flavour, { threads: 0, ...options });

/** Values whose sum depends on the order in which they are added. */
function noise(array) {
  let seed = 1;
  for (let i = 0; i < array.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    array[i] = (seed - 2 ** 31) * 2 ** (i % 40);
  }
  return array;
}

/** Node's word for a process that may read files, but create no workers. */
const PERMISSION = Number(process.versions.node.split('.')[0]) < 22 ? '--experimental-permission' : '--permission';

/** Runs a module text under flags of Node. */
function runWith(flags, text) {
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, '--input-type=module', '--eval', text], { timeout: 120_000 },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

forEachFlavour('without workers', (flavour) => {
  it('says that there are none, and why', LIMIT, async (t) => {
    const { info } = await openAlone(t, flavour);
    assert.equal(info.threads, 0);
    assert.match(info.reason, /option threads is 0/);
    assert.equal((await open(t, flavour)).info.reason, undefined);
  });

  it('computes the same bits', LIMIT, async (t) => {
    const sums = [];
    for (const threads of [0, 1, 3]) {
      const rt = await open(t, flavour, { threads });
      const xs = noise(rt.array(Float64Array, 300_001));
      sums.push(await rt.call('sum_f64', xs, xs.length));
    }
    assert.ok(Number.isFinite(sums[0]) && sums[0] !== 0);
    assert.deepEqual(sums, [sums[0], sums[0], sums[0]]);
  });

  it('gives the event loop its turn between calls', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    let turns = 0;
    let running = true;
    const count = () => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const seen = await Promise.all(Array.from({ length: 50 }, async () => {
      await rt.call('nothing');
      return turns;
    }));
    running = false;
    assert.ok(new Set(seen).size >= 25, `50 calls ended in ${new Set(seen).size} turns`);
  });

  it('takes more calls than there are slots, in order', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    const ended = [];
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => rt.call('echo_i32', i).then((value) => ended.push(value))));
    assert.deepEqual(ended, Array.from({ length: 10_000 }, (_, i) => i));
  });

  it('turns traps into errors and lives on', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    for (let round = 0; round < 20; round++) {
      await assert.rejects(rt.call('trap_unreachable'), weftError('WEFT_ERR_TRAP', /trap_unreachable/));
      await assert.rejects(rt.call('trap_in_slice', 1000), weftError('WEFT_ERR_TRAP', /trap_in_slice/));
    }
    await assert.rejects(rt.call('overrun_by_calls', 100_000_000), weftError('WEFT_ERR_STACK', /overran its stack/));
    assert.equal(await rt.call('echo_i32', 7), 7);
  });

  it('never sleeps: a C call that would answers WEFT_ERR_WOULD_BLOCK', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    const event = rt.alloc(64); // an event that nobody has set
    new Uint8Array(rt.memory.buffer, event, 64).fill(0);
    const entered = rt.array(Int32Array, 1);
    assert.equal(await rt.call('wait_event', event, entered, 5000), 7);
  });

  it('ends a job that waits for itself', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    await assert.rejects(rt.call('wait_for_ever'), weftError('WEFT_ERR_DEADLOCK', /wait_for_ever/));
    assert.equal(await rt.call('echo_i32', 7), 7);
  });

  it('runs tasks of JavaScript, with the calling thread\'s own module', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    const tasks = await rt.load(TASKS);
    assert.deepEqual(await tasks.describe({ deep: [1, 'two'] }), { seen: { deep: [1, 'two'] }, main: true });
    assert.equal(await tasks.later(5), 6);
    await assert.rejects(tasks.fail('why'), weftError('WEFT_ERR_THROWN', /fail: why/));
    await assert.rejects(tasks.failLater('why'), weftError('WEFT_ERR_THROWN', /failLater: why/));
    const xs = rt.array(Float64Array, 4);
    await tasks.fill(0, 4, xs, 2.5);
    assert.deepEqual([...xs], [2.5, 2.5, 2.5, 2.5]);
    await assert.rejects(rt.load(new URL('./no-such-tasks.js', import.meta.url)), weftError('WEFT_ERR_MODULE', /no-such-tasks/));
  });

  it('hears of a failed async task in the next turns, not at the next look of the watchdog', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    const tasks = await rt.load(TASKS);
    let turns = 0;
    let running = true;
    (function turn() {
      turns++;
      if (running) setImmediate(turn);
    })();
    await assert.rejects(tasks.failLater('why'), weftError('WEFT_ERR_THROWN', /why/));
    running = false;
    assert.ok(turns < 100, `${turns} turns of the event loop`);
  });

  it('runs loops in slices, between which the event loop has its turn', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    const tasks = await rt.load(TASKS);
    const counts = rt.array(Int32Array, 300);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await rt.forEach(300, tasks.busy, counts);
    clearInterval(timer);
    assert.deepEqual([...counts], new Array(300).fill(1), 'each index once');
    assert.ok(turns >= 10, `the timer came ${turns} times in 300 ms`);
    await rt.forEach(0, tasks.busy, counts);
    await rt.forEach({ first: 10, last: 20, grain: 5 }, tasks.busy, counts);
    assert.equal(counts.reduce((sum, count) => sum + count), 310);
    assert.throws(() => void rt.free(counts.subarray(1)), weftError('WEFT_ERR_POINTER', /not an array/));
    rt.free(counts);
  });

  it('ends a loop between two slices', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    const tasks = await rt.load(TASKS);
    const counts = rt.array(Int32Array, 100_000);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await assert.rejects(rt.with({ signal: abort.signal }).forEach(counts.length, tasks.busy, counts), /enough/);
    await assert.rejects(rt.with({ timeoutMs: 50 }).forEach(counts.length, tasks.busy, counts), weftError('WEFT_ERR_TIMEOUT', /busy: not done after 50 ms/));
    await rt.call('nothing');
    const done = counts.reduce((sum, count) => sum + count);
    assert.ok(done > 0 && done < 5000, `${done} indices of 100000 at a millisecond each`);
    assert.equal(await rt.call('echo_i32', 7), 7);
  });

  it('calls at once where the caller waits', LIMIT, async (t) => {
    const rt = await openAlone(t, flavour);
    assert.equal(rt.callSync('echo_i32', 7), 7);
    const before = rt.call('echo_i32', 1);
    assert.equal(rt.callSync('echo_i32', 8), 8);
    assert.equal(await before, 1);
    assert.throws(() => rt.callSync('trap_unreachable'), weftError('WEFT_ERR_TRAP', /trap_unreachable/));
    const tasks = await rt.load(TASKS);
    assert.throws(() => rt.callSync(tasks.later, 1), weftError('WEFT_ERR_WOULD_BLOCK', /use call/));
    assert.equal(await tasks.later(5), 6);
    assert.equal(rt.callSync('echo_i32', 9), 9);
  });

  it('closes, whatever is pending', LIMIT, async () => {
    const rt = await open({ after() {} }, flavour, { threads: 0 });
    const calls = Array.from({ length: 20 }, () => rt.call('nothing'));
    await rt.close();
    await Promise.all(calls);
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_CLOSED', /closed/));
    const other = await open({ after() {} }, flavour, { threads: 0 });
    const cancelled = other.call('nothing').catch((error) => error.code);
    await other.close({ cancel: true });
    assert.equal(await cancelled, 'WEFT_ERR_CANCELLED');
  });

  it('keeps no process alive, and ends none with calls pending', LIMIT, async () => {
    const { code, stdout, stderr } = await runScript(flavour, `
      const rt = await createRuntime({ module, threads: 0 });
      rt.call('echo_i32', 5).then((value) => console.log(value));`);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '5\n', stderr: '' });
  });

  it('takes over where the host creates no workers, unless strict', LIMIT, async () => {
    const index = new URL('../../js-glue/src/index.js', import.meta.url).href;
    const { stdout, stderr } = await runWith([PERMISSION, '--allow-fs-read=*'], `
      import { createRuntime } from ${JSON.stringify(index)};
      const module = ${JSON.stringify(modules[flavour])};
      const rt = await createRuntime({ module, threads: 2 });
      console.log(rt.info.threads, await rt.call('echo_i32', 5), rt.info.reason);
      await rt.close();
      console.log(await createRuntime({ module, threads: 2, strict: true }).catch((error) => error.code));`);
    const [first, second] = stdout.split('\n');
    assert.match(first, /^0 5 this host creates no workers .*--allow-worker/, stderr);
    assert.equal(second, 'WEFT_ERR_WORKER', stderr);
  });
});

it('runs where SharedArrayBuffer is hidden', { ...LIMIT, skip: missing('wasi') }, async () => {
  const { code, stdout, stderr } = await runScript('wasi', `
    delete globalThis.SharedArrayBuffer;
    const rt = await createRuntime({ module });
    const xs = rt.share(Float64Array.of(1, 2, 3.5));
    console.log(rt.info.threads, await rt.call('sum_f64', xs, 3), rt.info.reason);
    console.log(await createRuntime({ module, threads: 2, strict: true }).catch((error) => error.code));
    await rt.close();`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^0 6\.5 SharedArrayBuffer is missing.*Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp.*\nWEFT_ERR_WORKER\n$/);
});

it('takes over where the host does not send shared memory', { ...LIMIT, skip: missing('wasi') }, async () => {
  const { code, stdout, stderr } = await runScript('wasi', `
    const { Worker } = await import('node:worker_threads');
    Worker.prototype.postMessage = () => { throw new DOMException('#<SharedArrayBuffer> could not be cloned.', 'DataCloneError'); };
    const rt = await createRuntime({ module, threads: 2 });
    console.log(rt.info.threads, await rt.call('echo_i32', 5), rt.info.reason);
    await rt.close();`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^0 5 this host does not send shared memory to workers .*Cross-Origin-Opener-Policy/);
});
