import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LIMIT, flag, forEachFlavour, open, runScript, until, weftError } from './support.js';

const fixture = (name) => new URL(`./fixtures/${name}.js`, import.meta.url);
const TASKS = fixture('tasks');

/** A runtime with the fixture's tasks. @returns {Promise<any[]>} */
async function openTasks(t, flavour, options) {
  const rt = await open(t, flavour, options);
  return [rt, await rt.load(TASKS)];
}

/** True once no call uses an array any more: it is free then. */
function freed(rt, array) {
  try {
    rt.free(array);
    return true;
  } catch (error) {
    assert.equal(error.code, 'WEFT_ERR_STATE');
    return false;
  }
}

forEachFlavour('rt.load', (flavour) => {
  it('gives the functions that the module exports, and nothing else', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    assert.equal(await tasks.default(), 'the default export');
    assert.equal(await tasks.add(1, 2), 3);
    assert.equal(tasks.add.name, 'add');
    assert.equal(tasks.notAFunction, undefined);
    assert.equal(await rt.call(tasks.add, 'a', 'b'), 'ab');
  });

  it('takes paths from the working directory, and the same module again', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    assert.equal(await rt.load(path.relative(process.cwd(), TASKS.pathname)), tasks);
    const [more, slow] = await Promise.all([rt.load(fixture('tasks_more')), rt.load(fixture('tasks_slow').href)]);
    assert.deepEqual(await Promise.all([more.triple(5), slow.ready(), tasks.add(1, 1)]), [15, true, 2]);
  });

  it('fails when one worker alone cannot load it, and names it', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    for (let round = 0; round < 2; round++) {
      const error = await rt.load(fixture('tasks_fail_in_one_worker')).catch((caught) => caught);
      assert.equal(error.code, 'WEFT_ERR_MODULE');
      assert.match(error.message, /^worker [01] could not load file:.*tasks_fail_in_one_worker\.js: this worker has an even number$/);
      assert.equal(error.cause.message, 'this worker has an even number');
      assert.match(error.cause.stack, /tasks_fail_in_one_worker\.js:4/);
    }
    assert.equal(await tasks.add(2, 3), 5);
  });

  it('loads a module again that could not be loaded before', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-tasks-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'late.mjs');
    await assert.rejects(rt.load(file), weftError('WEFT_ERR_MODULE', /worker \d could not load .*late\.mjs: .*(not find|find module)/i));
    copyFileSync(fixture('tasks_more'), file);
    assert.equal(await (await rt.load(file)).triple(3), 9);
  });

  it('finds what a module of CommonJS exports, also where its text does not show it', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-tasks-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const [name, text] of Object.entries({
      'plain.cjs': 'module.exports = { twice: (x) => 2 * x, name: 5 };',
      'made.cjs': 'const make = () => ({ twice: (x) => 2 * x }); module.exports = make();',
      'compiled.cjs': 'Object.defineProperty(exports, "__esModule", { value: true }); exports.twice = twice; exports.default = main; function twice(x) { return 2 * x; } function main(x) { return 3 * x; }',
      'one.cjs': 'module.exports = (x) => 3 * x;',
    })) {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      const tasks = await rt.load(file);
      if (name !== 'one.cjs') assert.equal(await tasks.twice(4), 8, name);
      if (name === 'compiled.cjs' || name === 'one.cjs') assert.equal(await tasks.default(4), 12, name);
    }
  });

  it('refuses what is no module of tasks', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    for (const source of [undefined, null, 5, {}, '']) {
      await assert.rejects(rt.load(/** @type {any} */ (source)), weftError('WEFT_ERR_INVALID', /rt\.load/));
    }
    await assert.rejects(rt.load('https://example.com/tasks.js'), weftError('WEFT_ERR_MODULE', /not a file/));
    await assert.rejects(rt.load('data:text/javascript,export const f = () => 1'), weftError('WEFT_ERR_MODULE', /./));
    await assert.rejects(rt.load(fixture('tasks_none')), weftError('WEFT_ERR_MODULE', /exports no function/));
  });

  it('gives up on a module that never comes to its end', LIMIT, async (t) => {
    const rt = await open(t, flavour, { startTimeoutMs: 8000 });
    await assert.rejects(rt.load(fixture('tasks_never')), weftError('WEFT_ERR_TIMEOUT', /no worker has loaded it within 8000 ms/));
  });

  it('goes on without a worker that is busy, which catches up before its next job', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const { word, raise } = flag(rt);
    const busy = rt.call('wait_for', word);
    const tasks = await rt.load(fixture('tasks_more'));
    assert.equal(await tasks.triple(1), 3);
    raise();
    await busy;
    assert.deepEqual(await Promise.all(Array.from({ length: 100 }, (_, i) => tasks.triple(i))),
      Array.from({ length: 100 }, (_, i) => 3 * i));
  });

  it('rejects when the runtime is closed, before and meanwhile', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const loading = assert.rejects(rt.load(fixture('tasks_never')), weftError('WEFT_ERR_CLOSED', /closed/));
    await rt.close();
    await loading;
    await assert.rejects(rt.load(TASKS), weftError('WEFT_ERR_CLOSED', /closed/));
  });
});

forEachFlavour('tasks', (flavour) => {
  it('two thousand and more in flight give each its own result', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    for (const count of [2000, 10_000]) {
      const sums = await Promise.all(Array.from({ length: count }, (_, i) => tasks.add(i, 0.5)));
      assert.ok(sums.every((sum, i) => sum === i + 0.5));
    }
  });

  it('arrays of the runtime are shared, others are copied', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    const shared = rt.array(Float64Array, 1000).fill(1);
    const result = await tasks.double(shared);
    assert.ok(shared.every((x) => x === 2));
    assert.equal(result.buffer, rt.memory.buffer);
    assert.deepEqual([result.byteOffset, result.length], [shared.byteOffset, 1000]);
    const own = Float64Array.of(1, 2, 3);
    assert.deepEqual(await tasks.double(own), Float64Array.of(2, 4, 6));
    assert.equal(own[0], 1);
    assert.deepEqual(await tasks.double(shared.subarray(10, 12)), Float64Array.of(4, 4));
    assert.deepEqual([shared[9], shared[10], shared[11], shared[12]], [2, 4, 4, 2]);
  });

  it('values travel there and back, small ones and large ones, cycles too', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    const values = [undefined, null, true, -0, 2 ** 40, 'ж', 12345678901234567890n, new Date(5), [1, [2]], { a: { b: 'c' } },
      new Map([[1, new Set([2])]]), 'x'.repeat(300_000), new Uint8Array(300_000).fill(7), Array.from({ length: 20_000 }, (_, i) => ({ i }))];
    for (const value of values) assert.deepStrictEqual(await tasks.echo(value), value);
    assert.deepStrictEqual(await tasks.echo(...values), values);
    const cyclic = { name: 'cyclic', list: [] };
    cyclic.list.push(cyclic, cyclic.list);
    const copy = await tasks.echo(cyclic);
    assert.equal(copy.list[0], copy);
    assert.equal(copy.list[1], copy.list);
    const twice = [{}, {}];
    assert.equal(await tasks.sameObject(twice[0], twice[0]), true);
    assert.equal(await tasks.sameObject(...twice), false);
    assert.equal((await tasks.echo(...Array(254).fill(1))).length, 254);
  });

  it('arguments are what they were at the call', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    const value = { n: 0 };
    const calls = Array.from({ length: 6000 }, (_, i) => { // more than slots: some wait in JavaScript
      value.n = i;
      return tasks.echo(value);
    });
    const results = await Promise.all(calls);
    assert.ok(results.every(({ n }, i) => n === i));
  });

  it('refuses what cannot travel, and names where it is', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    await assert.rejects(tasks.echo(1, { then: { callback: () => {} } }),
      weftError('WEFT_ERR_INVALID', /^echo: argument 2\.then\.callback is a function/));
    await assert.rejects(tasks.echo(new Proxy({}, { ownKeys() { throw new Error('hostile'); } })), /hostile/);
    await assert.rejects(tasks.echo(...Array(255).fill(1)), weftError('WEFT_ERR_INVALID', /at most 254 arguments/));
    await assert.rejects(tasks.giveFunction(), weftError('WEFT_ERR_INVALID', /^giveFunction: the result\.list\[1\]\.callback is a function/));
    const freed = rt.array(Int32Array, 4);
    rt.free(freed);
    await assert.rejects(tasks.double(freed), weftError('WEFT_ERR_POINTER', /^double: argument 1 is .*freed/));
    await assert.rejects(tasks.echo({ deep: [freed] }), weftError('WEFT_ERR_POINTER', /^echo: argument 1\.deep\[0\] is .*freed/));
    assert.equal(await tasks.add(1, 1), 2);
  });

  it('an array that a task uses cannot be freed, and can be afterwards', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    const word = rt.array(Int32Array, 1);
    const nested = rt.array(Int32Array, 1);
    const calls = [tasks.waitFor(word), tasks.echo({ nested }, 'x'.repeat(500))];
    assert.throws(() => rt.free(word), weftError('WEFT_ERR_STATE', /pending/));
    assert.throws(() => rt.free(nested), weftError('WEFT_ERR_STATE', /pending/));
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await Promise.all(calls);
    rt.free(word);
    rt.free(nested);
    await assert.rejects(tasks.echo({ list: [rt.array(Int8Array, 1), () => {}] }), weftError('WEFT_ERR_INVALID', /function/));
  });

  it('leaves no memory behind', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    const free = () => rt.call('heap_fits', 50 * 1024 * 1024);
    const large = 'y'.repeat(1_000_000);
    for (let i = 0; i < 200; i++) { // four times the memory
      await tasks.echo({ large });
      await tasks.fail(large).catch(() => {});
      await tasks.nestedThrow(1000).catch(() => {});
    }
    assert.equal(await free(), 1);
  });

  it('knows its worker, and works at the same time as the others', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour, { threads: 3 });
    const words = [1, 2, 3].map(() => rt.array(Int32Array, 1));
    const waiting = words.map((word) => tasks.waitFor(word)); // they would time out one after the other
    for (const word of words) {
      Atomics.store(word, 0, 1);
      Atomics.notify(word, 0);
    }
    assert.deepEqual(await Promise.all(waiting), [1, 1, 1]);
    const [index, count] = await tasks.where();
    assert.ok(index >= 0 && index < 3);
    assert.equal(count, 3);
  });

  it('async tasks end when their promise does, while other workers go on', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? tasks.later(i) : tasks.add(i, 0))));
    assert.ok(results.every((result, i) => (i % 2 ? result.value === i && result.worker < 2 : result === i)));
    await assert.rejects(tasks.failLater('late'), weftError('WEFT_ERR_THROWN', 'failLater: late'));
    assert.equal((await tasks.later({ deep: [1] })).value.deep[0], 1);
  });

  it('calls C, which sees the same memory', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    const xs = rt.array(Float64Array, 100).fill(3);
    assert.equal(await tasks.callC('sum_f64', xs, 100), 300);
    assert.equal(await tasks.callC('echo_i64', 5n), 5n);
    assert.equal(await tasks.callC('text_bytes', 'Größe'), 7);
    await assert.rejects(tasks.callC('smu_f64'), weftError('WEFT_ERR_EXPORT', /did you mean sum_f64/));
    await assert.rejects(tasks.callC('echo_i32', 1.5), weftError('WEFT_ERR_INVALID', /echo_i32: argument 1 of 1/));
  });

  it('prints at once, from inside the worker', LIMIT, async () => {
    const result = await runScript(flavour, `
      const rt = await createRuntime({ module, threads: 1 });
      const tasks = await rt.load(${JSON.stringify(TASKS.href)});
      await tasks.print('line');
      console.log('main');
      await rt.close();`);
    assert.deepEqual(result, { code: 0, stdout: 'line 0\nline 1\nline 2\nmain\n', stderr: 'line to stderr\n' });
  });

  it('an idle runtime with tasks does not keep the process alive', LIMIT, async () => {
    const result = await runScript(flavour, `
      const rt = await createRuntime({ module, threads: 2 });
      const tasks = await rt.load(${JSON.stringify(TASKS.href)});
      console.log((await tasks.later(5)).value);`);
    assert.deepEqual(result, { code: 0, stdout: '5\n', stderr: '' });
  });
});

forEachFlavour('tasks that fail', (flavour) => {
  it('reject with the original error as the cause', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    async function theCaller() {
      await tasks.fail('boo');
    }
    const error = await theCaller().catch((caught) => caught);
    assert.deepEqual([error.code, error.message], ['WEFT_ERR_THROWN', 'fail: boo']);
    assert.match(error.stack, /theCaller/);
    assert.ok(error.cause instanceof TypeError);
    assert.match(error.cause.stack, /at fail .*tasks\.js/);
    assert.deepEqual(error.cause.cause, { reason: ['boo', 42n] });
  });

  it('can throw anything', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    for (const value of ['text', 5, null, { code: 7 }]) {
      const error = await tasks.failWith(value).catch((caught) => caught);
      assert.deepEqual([error.code, error.message], ['WEFT_ERR_THROWN', `failWith: ${String(value)}`]);
      assert.deepEqual(error.cause, value);
    }
    const plain = await tasks.failWithFunction().catch((caught) => caught);
    assert.deepEqual([plain.message, plain.cause.message], ['failWithFunction: carries a function', 'carries a function']);
    assert.match(plain.cause.stack, /failWithFunction/);
  });

  it('overrun their stack like C does', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    for (let i = 0; i < 3; i++) await assert.rejects(tasks.recurse(1), weftError('WEFT_ERR_STACK', /^recurse overran its stack/));
    assert.equal(await tasks.add(1, 2), 3);
  });

  it('cannot keep a trap of C, or an error of a slice, to themselves', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    for (let i = 0; i < 20; i++) {
      await assert.rejects(tasks.catchTrap(), weftError('WEFT_ERR_TRAP', /unreachable/));
      await assert.rejects(tasks.nestedThrow(100), weftError('WEFT_ERR_THROWN', /^nestedThrow: index 50/));
      const xs = rt.array(Float64Array, 1000);
      assert.equal(await tasks.nestedSum(xs, 2), 999_000);
      rt.free(xs);
    }
  });

  it('leave the others alone, hundreds at once', LIMIT, async (t) => {
    const [, tasks] = await openTasks(t, flavour);
    const calls = Array.from({ length: 900 }, (_, i) => [
      () => tasks.add(i, 1), () => tasks.fail(`no ${i}`), () => tasks.nestedThrow(50), () => tasks.failLater('x')][i % 4]());
    const results = await Promise.allSettled(calls);
    results.forEach((result, i) => {
      if (i % 4 === 0) assert.deepEqual(result, { status: 'fulfilled', value: i + 1 });
      else assert.equal(/** @type {any} */ (result).reason?.code, 'WEFT_ERR_THROWN');
      if (i % 4 === 1) assert.equal(/** @type {any} */ (result).reason.cause.message, `no ${i}`);
    });
  });
});

forEachFlavour('rt.forEach', (flavour) => {
  for (const threads of [1, 2, 8]) {
    it(`does every index once on ${threads} threads`, LIMIT, async (t) => {
      const [rt, tasks] = await openTasks(t, flavour, { threads });
      const xs = rt.array(Float64Array, 50_000);
      const counts = rt.array(Int32Array, 50_000);
      const seen = rt.array(Int32Array, threads);
      for (const range of [50_000, [10, 50_000], { first: 49_000, last: 50_000, grain: 64 }, 0, [5, 5]]) {
        await rt.forEach(range, tasks.addIndex, xs, 2);
      }
      xs.forEach((x, i) => assert.equal(x, 2 * i * (1 + Number(i >= 10) + Number(i >= 49_000))));
      await rt.forEach(50_000, tasks.markThread, seen, counts);
      assert.ok(counts.every((count) => count === 1));
      assert.equal(seen.reduce((a, b) => a + b), 50_000);
    });
  }

  it('loops nest, in tasks and in slices', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour, { threads: 4 });
    const xs = rt.array(Float64Array, 64 * 50);
    for (let round = 1; round <= 20; round++) {
      await rt.forEach(64, tasks.addRow, xs, 50);
      assert.ok(xs.every((x, i) => x === round * i));
    }
    const ys = rt.array(Float64Array, 1000);
    assert.equal(await tasks.nestedSum(ys, 3), 3 * 499_500);
    const many = await Promise.all(Array.from({ length: 100 }, () => {
      const zs = rt.array(Float64Array, 200);
      return tasks.nestedSum(zs, 5);
    }));
    assert.ok(many.every((sum) => sum === 5 * 19_900));
  });

  it('refuses a range that is none and a function that is no task', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    for (const range of [-1, 1.5, NaN, 2 ** 32, '5', null, undefined, [0], [5, 1], {}, { last: 5, grain: -1 }]) {
      await assert.rejects(rt.forEach(/** @type {any} */ (range), tasks.addIndex), weftError('WEFT_ERR_INVALID', /^forEach: the range/));
    }
    for (const task of [() => {}, 'addIndex', undefined]) {
      await assert.rejects(rt.forEach(5, /** @type {any} */ (task)), weftError('WEFT_ERR_INVALID', /^forEach: a worker cannot run/));
    }
    await assert.rejects(rt.forEach(5, tasks.addIndex, () => {}), weftError('WEFT_ERR_INVALID', /^addIndex: argument 1 is a function/));
    await assert.rejects(rt.forEach(5, tasks.asyncBody), weftError('WEFT_ERR_INVALID', /^asyncBody: a slice of a loop returned a promise/));
    await assert.rejects(tasks.foreignBody(), weftError('WEFT_ERR_INVALID', /exports/));
    await assert.rejects(rt.forEach(1000, tasks.throwAt, 500), weftError('WEFT_ERR_THROWN', 'throwAt: index 500'));
    await assert.rejects((await open(t, flavour)).forEach(5, tasks.addIndex), weftError('WEFT_ERR_INVALID', /another runtime/));
  });
});

forEachFlavour('weft/task', (flavour) => {
  it('an abort ends tasks at their checkpoint, and loops', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    for (const run of [(caller, word) => caller.call(tasks.runUntilCancelled, word), (caller, word) => caller.forEach(100, tasks.spinRows, word)]) {
      const entered = rt.array(Int32Array, 1);
      const abort = new AbortController();
      const rejected = assert.rejects(run(rt.with({ signal: abort.signal }), entered), { name: 'AbortError' });
      await until(() => Atomics.load(entered, 0) > 0);
      abort.abort();
      await rejected;
      await until(() => freed(rt, entered)); // the worker has come back
    }
    assert.equal(await tasks.add(1, 2), 3);
  });

  it('progress reaches the caller', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    const seen = [];
    await rt.with({ onProgress: (progress) => seen.push(progress) }).call(tasks.countTo, 1000);
    assert.deepEqual(seen.at(-1), { done: 1000, total: 1000 });
  });

  it('lets a task be called as the plain function that it is', LIMIT, async (t) => {
    const [rt, tasks] = await openTasks(t, flavour);
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-tasks-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'plain.mjs');
    writeFileSync(file, `import { cancelled, checkpoint, forEach, progress } from ${JSON.stringify(new URL('../../js-glue/src/task.js', import.meta.url).href)};
      export const square = (first, last, xs) => { for (let i = first; i < last; i++) xs[i] *= xs[i]; };
      export function squares(xs) {
        checkpoint();
        for (const range of [xs.length, 0]) forEach(range, square, xs);
        progress(1, 1);
        return cancelled();
      }
      export const wrong = () => progress(-1, 1);`);
    const plain = await import(pathToFileURL(file).href);
    const xs = [1, 2, 3];
    assert.equal(plain.squares(xs), false);
    assert.deepEqual(xs, [1, 4, 9]);
    assert.throws(plain.wrong, weftError('WEFT_ERR_INVALID', /progress/));
    const shared = rt.share(new Float64Array([1, 2, 3]));
    assert.equal(await (await rt.load(file)).squares(shared), false);
    assert.deepEqual([...shared], [1, 4, 9]);
    assert.equal(await tasks.add(1, 2), 3);
  });

  it('says that there is no task, outside of one', LIMIT, async (t) => {
    const { call, threadIndex, threads } = await import('../../js-glue/src/task.js');
    for (const ask of [call, threadIndex, threads]) assert.throws(ask, weftError('WEFT_ERR_STATE', /only a task/));
    const rt = await open(t, flavour);
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-tasks-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const task = new URL('../../js-glue/src/task.js', import.meta.url).href;
    writeFileSync(path.join(folder, 'early.mjs'), `import { threads } from ${JSON.stringify(task)}; threads(); export const f = () => 1;`);
    await assert.rejects(rt.load(path.join(folder, 'early.mjs')), weftError('WEFT_ERR_MODULE', /only a task/));
  });
});
