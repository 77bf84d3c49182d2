// weft/cluster without Redis: several memories in this process, and what both engines share.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRuntime } from '../../js-glue/src/index.js';
import { connect, inout, out, slices } from '../../js-glue/src/cluster/index.js';
import { LIMIT, MODULE, open } from './cluster-support.js';
import { missing, weftError } from './support.js';

const MIB = 1024 * 1024;
const MEMORY = { memoryBytes: 64 * MIB, threads: 1 };

const noise = (count) => Float64Array.from({ length: count }, (_, i) => Math.sin(i * i) * 10 ** (i % 9));

describe('weft/cluster on runtimes of this process', { skip: missing('wasi') }, () => {
  it('maps and reduces to the bits of one runtime, on any number of memories and threads', LIMIT, async (t) => {
    const xs = noise(100_000);
    const rt = await createRuntime({ module: MODULE, ...MEMORY });
    t.after(() => rt.close());
    const parts = [];
    for (const [slice, count] of slices(xs, 999)) parts.push(await rt.call('weft_sum_f64', rt.share(slice), count));
    for (const local of [1, 2, 3]) {
      for (const threads of [1, 2]) {
        const cluster = await open(t, { local, memoryBytes: 64 * MIB, threads });
        assert.deepEqual(await cluster.map('weft_sum_f64', slices(xs, 999)), parts);
        const sum = await cluster.reduce('weft_sum_f64', slices(xs, 999), (a, b) => a + b);
        assert.ok(Object.is(sum, parts.reduce((a, b) => a + b)));
        await cluster.close();
      }
    }
  });

  it('brings back what kernels write', LIMIT, async (t) => {
    const cluster = await open(t, { local: 2, ...MEMORY });
    const xs = noise(1000);
    const before = xs.slice();
    const [sorted, filled, both] = await Promise.all([
      cluster.map('weft_sort_f64', [[inout(xs), xs.length]]),
      cluster.map('fill', [[out(Uint8Array, 300), 300, 7], [out(Uint8Array, 0), 0, 7]]),
      cluster.map('weft_saxpy', [[2, Float32Array.of(1, 2), inout(Float32Array.of(10, 20)), 2]]),
    ]);
    assert.deepEqual(sorted[0], { value: 0, arrays: [xs.slice().sort()] });
    assert.deepEqual(xs, before);
    assert.deepEqual(filled.map(({ arrays: [bytes] }) => bytes), [Uint8Array.from({ length: 300 }, (_, i) => 7 + i), new Uint8Array()]);
    assert.deepEqual(both[0].arrays, [Float32Array.of(12, 24)]);
  });

  it('holds more than 4 GiB in all', LIMIT, async (t) => {
    const cluster = await open(t, { local: 2, threads: 1, memoryBytes: 4096 * MIB });
    const bytes = 3072 * MIB;
    assert.deepEqual(await cluster.map('hold', [[bytes, 1], [bytes, 2]]).then((all) => all.map((each) => each >>> 0)), [bytes, bytes]);
    // Two chunks at once go to the two memories, whichever is which.
    const kept = await cluster.map('held', [[], []]);
    assert.deepEqual(kept.map((each) => each >>> 0), [bytes, bytes]);
  });

  it('takes chunks only as there is room for them', LIMIT, async (t) => {
    const cluster = await open(t, { local: 2, ...MEMORY });
    let taken = 0;
    let finished = 0;
    let most = 0;
    async function* chunks() {
      for (let i = 0; i < 200; i++) {
        taken++;
        most = Math.max(most, taken - finished);
        yield [i, 10];
      }
    }
    for await (const sum of cluster.stream('noise_sum', chunks(), { inFlight: 3 })) {
      assert.equal(typeof sum, 'number');
      finished++;
    }
    assert.equal(finished, 200);
    assert.ok(most <= 4 * 3 + 1, `${most} chunks were on their way`);
  });

  it('lets as many bytes be on their way as it is told', LIMIT, async (t) => {
    const cluster = await open(t, { local: 2, ...MEMORY });
    let taken = 0;
    let finished = 0;
    function* chunks() {
      for (; taken < 20; taken++) {
        // One is on its way at most, and the last one that came back may not have been seen yet.
        assert.ok(taken - finished <= 2, `${taken - finished} chunks were on their way`);
        yield [new Float64Array(1000), 1000];
      }
    }
    for await (const sum of cluster.stream('weft_sum_f64', chunks(), { inFlight: 20, inFlightBytes: 8000 })) {
      assert.equal(sum, 0);
      finished++;
    }
    assert.equal(finished, 20);
  });

  it('reports progress up to the end', LIMIT, async (t) => {
    const cluster = await open(t, { local: 1, ...MEMORY });
    const reports = [];
    await cluster.map('noise_sum', Array.from({ length: 50 }, (_, i) => [i, 10]), { reissueAfterMs: 0, onProgress: (each) => reports.push(each) });
    assert.deepEqual(reports.at(-1), { done: 50, issued: 50, total: 50, reissued: 0, retried: 0 });
    assert.ok(reports.every(({ done, issued }) => done <= issued));
  });

  it('gives a late chunk to a second worker, and takes the first result', LIMIT, async (t) => {
    const cluster = await open(t, { local: 2, ...MEMORY });
    let last;
    const results = await cluster.map('sleep_then', [[1500, 1], [0, 2], [0, 3]], { reissueAfterMs: 50, onProgress: (each) => {
      last = each;
    } });
    assert.deepEqual(results, [1, 2, 3]);
    assert.ok(last.reissued >= 1 && last.reissued <= 3, `${last.reissued} were issued again`); // on a busy machine any is late
  });

  it('stops with the first failure, and says which chunk', LIMIT, async (t) => {
    const cluster = await open(t, { local: 2, ...MEMORY });
    const left = [];
    function* chunks() {
      try {
        yield [0];
        yield [1];
        for (;;) yield [];
      } finally {
        left.push('left');
      }
    }
    await assert.rejects(cluster.map('weft_nqueens', chunks()), weftError('WEFT_ERR_INVALID', /^chunk \d+: weft_nqueens takes 1 argument, got 0$/));
    assert.deepEqual(left, ['left']);
    await assert.rejects(cluster.map('trap', [[]]), weftError('WEFT_ERR_TRAP', /^chunk 0: trap/));
    assert.deepEqual(await cluster.map('weft_nqueens', [[6]]), [4n]);
  });

  it('ends by a signal at once, and by leaving the loop', LIMIT, async (t) => {
    const cluster = await open(t, { local: 1, ...MEMORY });
    const reason = new Error('enough');
    const controller = new AbortController();
    const running = cluster.map('sleep_then', [[60_000, 1]], { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(running, reason);
    await assert.rejects(cluster.map('sleep_then', [[0, 1]], { signal: AbortSignal.abort(reason) }), reason);
    for await (const value of cluster.stream('sleep_then', [[0, 5], [60_000, 6]])) {
      assert.equal(value, 5);
      break;
    }
    assert.deepEqual(await cluster.map('sleep_then', [[0, 9]]), [9]);
  });

  it('closes once what runs is done, or at once', LIMIT, async (t) => {
    const cluster = await open(t, { local: 1, ...MEMORY });
    const running = cluster.map('sleep_then', [[300, 1], [300, 2]]);
    const closed = cluster.close();
    await assert.rejects(cluster.map('sleep_then', [[0, 1]]), weftError('WEFT_ERR_CLOSED', /closed/));
    assert.deepEqual(await running, [1, 2]);
    await closed;
    const other = await open(t, { local: 1, ...MEMORY });
    const endless = other.map('sleep_then', [[60_000, 1]]);
    const refused = assert.rejects(endless, weftError('WEFT_ERR_CANCELLED', /close/));
    await other.map('sleep_then', [[0, 1]]);
    await other.close({ cancel: true });
    await refused;
  });

  it('tells mistakes apart', LIMIT, async (t) => {
    const invalid = (message) => weftError('WEFT_ERR_INVALID', message);
    await assert.rejects(connect(), invalid(/options/));
    await assert.rejects(connect({}), invalid(/local or connection/));
    await assert.rejects(connect({ local: 0 }), invalid(/local must be/));
    await assert.rejects(connect({ local: 1, connection: 'redis://x' }), invalid(/either/));
    await assert.rejects(connect({ local: 1, thread: 2 }), invalid(/no option thread; there are module, local, .*: did you mean threads\?/));
    await assert.rejects(connect({ connection: 5 }), invalid(/connection must be/));
    await assert.rejects(connect({ connection: 'http://x' }), invalid(/redis:\/\//));
    await assert.rejects(connect({ connection: 'redis://x', queue: 'a:b' }), invalid(/queue must be/));
    await assert.rejects(connect({ local: 1, module: '/no/such.wasm' }), { name: 'WeftError' });
    const cluster = await open(t, { local: 1, ...MEMORY });
    await assert.rejects(cluster.map('noise_sums', [[1, 2]]), weftError('WEFT_ERR_EXPORT', /did you mean noise_sum/));
    await assert.rejects(cluster.map(5, []), invalid(/kernel must be/));
    await assert.rejects(cluster.map('noise_sum', 7), invalid(/chunks must be/));
    await assert.rejects(cluster.map('noise_sum', [7]), invalid(/chunk 0 of noise_sum must be an array/));
    await assert.rejects(cluster.map('noise_sum', [[1, {}]]), invalid(/argument 2 must be/));
    await assert.rejects(cluster.map('noise_sum', [], { inFlight: 0 }), invalid(/inFlight/));
    await assert.rejects(cluster.map('noise_sum', [], { flight: 1 }), invalid(/no option flight; .*: did you mean inFlight\?/));
    await assert.rejects(cluster.reduce('noise_sum', []), invalid(/combine/));
    await assert.rejects(cluster.reduce('noise_sum', [], () => 0), invalid(/no chunk/));
    assert.equal(await cluster.reduce('noise_sum', [], () => 0, { initial: 'none' }), 'none');
    assert.deepEqual(await cluster.map('noise_sum', []), []);
    await assert.rejects(cluster.map('noise_sum', (function* chunks() {
      yield [1, 2];
      throw new Error('no more');
    })()), /no more/);
    assert.throws(() => out(Map, 1), invalid(/out/));
    assert.throws(() => out(Uint8Array, -1), invalid(/length/));
    assert.throws(() => inout([1]), invalid(/inout/));
    assert.throws(() => slices(new Uint8Array(1), 0), invalid(/slices/));
  });
});
