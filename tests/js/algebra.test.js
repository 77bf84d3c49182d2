import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createRuntime } from '../../js-glue/src/index.js';
import { LIMIT, fixture, forEachFlavour, open, weftError } from './support.js';

const TYPES = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array,
  Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array];
const isBig = (Type) => Type.name.startsWith('Big');
const isFloat = (Type) => Type.name.startsWith('Float');
const TOTALS = { Int8Array: Int32Array, Int16Array: Int32Array, Int32Array, Uint8Array: Uint32Array,
  Uint8ClampedArray: Uint32Array, Uint16Array: Uint32Array, Uint32Array, Float32Array, Float64Array,
  BigInt64Array, BigUint64Array };

/** The stock kernels, linked to a module of the user's own. */
const openKernels = (t, flavour, options = {}) =>
  open(t, flavour, { module: fixture(flavour, flavour === 'wasi' ? 'own_kernels.wasm' : 'own_kernels.js'), ...options });

/** Pseudo-random elements over the whole range of the type. */
function noise(array, seed = 1) {
  let state = BigInt(seed);
  const next = () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return state ^ (state >> 33n);
  };
  for (let i = 0; i < array.length; i++) {
    const bits = next();
    array[i] = isBig(array.constructor) ? bits : isFloat(array.constructor)
      ? Number(bits >> 11n) / 2 ** 53 * 100 - 50 : Number(bits >> 32n);
  }
  return array;
}

const LENGTHS = [1, 2, 17, 1000, 40_000];

/** Every type of array at every length. */
async function forEachArray(rt, check) {
  for (const Type of TYPES) {
    for (const length of LENGTHS) {
      const array = noise(rt.array(Type, length), length);
      await check(array, Array.from(array), Type);
      rt.free(array);
    }
  }
}

const close = (actual, wanted, size) =>
  assert.ok(Math.abs(actual - wanted) <= 1e-12 * size, `${actual} is not near ${wanted}`);
const sizeOf = (values) => values.reduce((sum, x) => sum + Math.abs(Number(x)), 1);

forEachFlavour('algebra', (flavour) => {
  it('works beside functions of the module\'s own', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const xs = rt.array(Float64Array, 1000).fill(4);
    await rt.call('halve_all', xs, xs.length);
    assert.equal(await rt.sum(xs), 2000);
  });

  it('adds up every type of array', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    await forEachArray(rt, async (array, values, Type) => {
      const sum = await rt.sum(array);
      if (isFloat(Type)) close(sum, values.reduce((a, b) => a + b, 0), sizeOf(values));
      else if (!isBig(Type)) assert.equal(sum, values.reduce((a, b) => a + b, 0));
      else {
        const wrap = Type === BigInt64Array ? BigInt.asIntN : BigInt.asUintN;
        assert.equal(sum, wrap(64, values.reduce((a, b) => a + b, 0n)));
      }
      close(await rt.mean(array), values.reduce((a, b) => a + Number(b), 0) / values.length, sizeOf(values));
    });
  });

  it('finds the variance of a population and of a sample', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    await forEachArray(rt, async (array, values) => {
      const mean = values.reduce((a, b) => a + Number(b), 0) / values.length;
      const squares = values.reduce((a, b) => a + (Number(b) - mean) ** 2, 0);
      const population = await rt.variance(array);
      assert.ok(Math.abs(population - squares / values.length) <= 1e-9 * squares);
      const sample = await rt.variance(array, { sample: true });
      if (values.length === 1) assert.ok(Number.isNaN(sample));
      else assert.ok(Math.abs(sample - squares / (values.length - 1)) <= 1e-9 * squares);
    });
    const wide = rt.array(Float64Array, 100_000);
    for (let i = 0; i < wide.length; i++) wide[i] = 1e9 + (i % 2);
    assert.equal(await rt.variance(wide), 0.25);
  });

  it('finds the least and the greatest, and where they are', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    await forEachArray(rt, async (array, values) => {
      const min = values.reduce((a, b) => (b < a ? b : a));
      const max = values.reduce((a, b) => (b > a ? b : a));
      assert.deepEqual(await rt.minmax(array),
        { min, max, minIndex: values.indexOf(min), maxIndex: values.indexOf(max) });
      assert.equal(await rt.min(array), min);
      assert.equal(await rt.max(array), max);
    });
  });

  it('takes NaN and -0 as Math.min and Math.max do', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    for (const Type of [Float32Array, Float64Array]) {
      for (const values of [[0, -0, 5], [-0, 0], [3, NaN, -Infinity], [-Infinity, Infinity], [NaN], [-0]]) {
        const array = rt.share(new Type(values));
        assert.ok(Object.is(await rt.min(array), Math.min(...values)));
        assert.ok(Object.is(await rt.max(array), Math.max(...values)));
      }
      assert.deepEqual(await rt.minmax(rt.share(new Type([1, NaN, -5, NaN]))),
        { min: NaN, max: NaN, minIndex: 1, maxIndex: 1 });
    }
  });

  it('sorts every type of array in place', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    await forEachArray(rt, async (array, _, Type) => {
      const wanted = Type.from(array).sort();
      assert.equal(await rt.sort(array), array);
      assert.deepEqual(Type.from(array), wanted);
    });
    const special = rt.share(new Float64Array([NaN, 1, -0, 0, -Infinity, Infinity, -1, NaN]));
    await rt.sort(special);
    assert.deepEqual([...special], [-Infinity, -1, -0, 0, 1, Infinity, NaN, NaN]);
  });

  it('makes running totals, of the type that holds them', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    await forEachArray(rt, async (array, values, Type) => {
      const Totals = TOTALS[Type.name];
      for (const exclusive of [false, true]) {
        const wanted = new Totals(values.length);
        let sum = isBig(Type) ? 0n : 0;
        values.forEach((x, i) => {
          wanted[i] = exclusive ? sum : sum + x;
          sum += x;
        });
        const totals = await rt.scan(array, { exclusive });
        assert.equal(totals.constructor, Totals);
        assert.equal(totals.buffer, rt.memory.buffer);
        if (isFloat(Type)) {
          const size = sizeOf(values) * (Type === Float32Array ? 1e5 : 1);
          totals.forEach((x, i) => close(x, wanted[i], size));
        } else assert.deepEqual(Totals.from(totals), wanted);
        rt.free(totals);
      }
      if (Totals === Type) {
        const apart = await rt.scan(array);
        assert.equal(await rt.scan(array, { into: array }), array);
        assert.deepEqual(Type.from(array), Type.from(apart));
        rt.free(apart);
      }
    });
  });

  it('refuses a place for totals that is of another type, length, or overlaps', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const xs = rt.array(Float64Array, 100);
    for (const into of [rt.array(Float32Array, 100), rt.array(Float64Array, 99), xs.subarray(1), 5, null]) {
      await assert.rejects(rt.scan(xs, { into: /** @type {any} */ (into) }), weftError('WEFT_ERR_INVALID', /rt\.scan/));
    }
    await assert.rejects(rt.scan(xs.subarray(0, 50), { into: xs.subarray(10, 60) }), weftError('WEFT_ERR_INVALID', /overlaps/));
    const bytes = new Uint8Array(xs.buffer, xs.byteOffset, 100);
    const words = new Uint32Array(xs.buffer, xs.byteOffset, 100);
    await assert.rejects(rt.scan(bytes, { into: words }), weftError('WEFT_ERR_INVALID', /overlaps/));
    await assert.rejects(rt.scan(xs, { into: new Float64Array(100) }), weftError('WEFT_ERR_POINTER', /rt\.share\(\)/));
  });

  it('counts elements in bins', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    await forEachArray(rt, async (array, values) => {
      const [min, max, bins] = [-10, 100, 11];
      const wanted = new Uint32Array(bins);
      let [under, over] = [0, 0];
      for (const value of values) {
        const x = Number(value);
        if (x < min) under++;
        else if (x > max) over++;
        else wanted[Math.min(bins - 1, Math.floor((x - min) * (bins / (max - min))))]++;
      }
      assert.deepEqual(await rt.histogram(array, { bins, min, max }),
        { counts: wanted, under, over, nan: 0, min, max });
    });
    const xs = rt.share(new Float64Array([1, 2, 2.5, 5, NaN, 9]));
    assert.deepEqual(await rt.histogram(xs, { bins: 2, min: 2, max: 5 }),
      { counts: new Uint32Array([2, 1]), under: 1, over: 1, nan: 1, min: 2, max: 5 });
  });

  it('takes the range of a histogram from the array', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const found = await rt.histogram(rt.share(new Int16Array([3, -1, 7, 7])), { bins: 4 });
    assert.deepEqual(found, { counts: new Uint32Array([1, 0, 1, 2]), under: 0, over: 0, nan: 0, min: -1, max: 7 });
    const same = await rt.histogram(rt.share(new BigUint64Array([5n, 5n])), { bins: 3 });
    assert.deepEqual([...same.counts], [2, 0, 0]);
    const large = await rt.histogram(rt.array(Float64Array, 10), { bins: 2 ** 20 });
    assert.equal(large.counts.length, 2 ** 20);
    assert.equal(large.counts[0], 10);
    for (const options of [{ bins: 0 }, { bins: 1.5 }, { bins: 2 ** 21 }, { bins: '3' }, {}, { bins: 3, min: 1, max: 1 },
      { bins: 3, min: 2, max: 1 }, { bins: 3, min: NaN, max: 1 }, { bins: 3, min: 0, max: Infinity }]) {
      await assert.rejects(rt.histogram(rt.array(Float64Array, 3), /** @type {any} */ (options)),
        weftError('WEFT_ERR_INVALID', /rt\.histogram/));
    }
    await assert.rejects(rt.histogram(rt.share(new Float64Array([1, NaN])), { bins: 3 }), weftError('WEFT_ERR_INVALID', /finite/));
  });

  it('says what holds for an empty array', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    for (const Type of TYPES) {
      const none = rt.array(Type, 0);
      assert.equal(await rt.sum(none), isBig(Type) ? 0n : 0);
      assert.ok(Number.isNaN(await rt.mean(none)));
      assert.ok(Number.isNaN(await rt.variance(none)));
      assert.equal(await rt.sort(none), none);
      assert.equal((await rt.scan(none)).length, 0);
      assert.equal((await rt.histogram(none, { bins: 2, min: 0, max: 1 })).counts.length, 2);
      for (const call of [() => rt.min(none), () => rt.max(none), () => rt.minmax(none), () => rt.histogram(none, { bins: 2 })]) {
        await assert.rejects(call(), weftError('WEFT_ERR_INVALID', /empty/));
      }
    }
  });

  it('takes parts of arrays, and refuses all that is no array of this runtime', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const xs = rt.share(new Float64Array([1, 2, 3, 4]));
    assert.equal(await rt.sum(xs.subarray(1, 3)), 5);
    const operations = ['sort', 'sum', 'min', 'max', 'minmax', 'mean', 'variance', 'scan'];
    for (const operation of operations) {
      await assert.rejects(rt[operation](new Float64Array(4)), weftError('WEFT_ERR_POINTER', /rt\.share\(\)/));
      for (const wrong of [undefined, null, 5, 'text', [1, 2], {}, new ArrayBuffer(8), new DataView(xs.buffer, xs.byteOffset, 8)]) {
        await assert.rejects(rt[operation](wrong), weftError('WEFT_ERR_INVALID', /typed array/));
      }
    }
    rt.free(xs);
    await assert.rejects(rt.sum(xs), weftError('WEFT_ERR_POINTER', /freed/));
    await assert.rejects(rt.histogram(xs, { bins: 2 }), weftError('WEFT_ERR_POINTER', /freed/));
  });

  it('gives the same bits on any number of threads', LIMIT, async (t) => {
    const results = [];
    for (const threads of [1, 4, 16]) {
      const rt = await openKernels(t, flavour, { threads });
      const xs = noise(rt.array(Float64Array, 300_000), 9);
      const floats = noise(rt.array(Float32Array, 300_000), 10);
      const all = new Float64Array([await rt.sum(xs), await rt.mean(xs), await rt.variance(xs),
        await rt.sum(floats), await rt.variance(floats, { sample: true })]);
      const totals = Float32Array.from(await rt.scan(floats));
      results.push(Buffer.concat([Buffer.from(all.buffer), Buffer.from(totals.buffer)]).toString('latin1'));
      await rt.close();
    }
    assert.equal(results[1], results[0]);
    assert.equal(results[2], results[0]);
  });

  it('maps every element by a task', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour, { threads: 4 });
    const tasks = await rt.load(new URL('./fixtures/map_tasks.js', import.meta.url));
    const xs = noise(rt.array(Float32Array, 50_000));
    const squares = await rt.map(xs, tasks.square);
    assert.deepEqual(Float32Array.from(squares), Float32Array.from(xs).map((x) => x * x));
    const scaled = await rt.map(xs.subarray(100, 200), tasks.scale, 2, { offset: 0.5 });
    assert.deepEqual(Float32Array.from(scaled), Float32Array.from(xs.subarray(100, 200)).map((x, i) => x * 2 + 0.5 + i));
    const big = await rt.map(rt.share(new BigInt64Array([1n, -5n])), tasks.next);
    assert.deepEqual([...big], [2n, -4n]);
    assert.equal((await rt.map(rt.array(Int8Array, 0), tasks.square)).length, 0);
  });

  it('says what a mapped task did wrong', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const tasks = await rt.load(new URL('./fixtures/map_tasks.js', import.meta.url));
    const xs = rt.array(Float64Array, 1000);
    await assert.rejects(rt.map(xs, tasks.breaks), weftError('WEFT_ERR_THROWN', /breaks.*no seven hundred/));
    await assert.rejects(rt.map(xs, tasks.nothing), weftError('WEFT_ERR_INVALID', /return a number.*undefined/));
    await assert.rejects(rt.map(xs, tasks.later), weftError('WEFT_ERR_INVALID', /promise/));
    await assert.rejects(rt.map(xs, (x) => x), weftError('WEFT_ERR_INVALID', /rt\.load\(\)/));
    await assert.rejects(rt.map(new Float64Array(4), tasks.square), weftError('WEFT_ERR_POINTER', /rt\.share\(\)/));
    await assert.rejects(rt.map([1, 2], tasks.square), weftError('WEFT_ERR_INVALID', /typed array/));
  });

  it('keeps no memory, whether calls succeed or fail', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour, { memoryBytes: 32 * 1024 * 1024 });
    const xs = noise(rt.array(Float64Array, 1000));
    for (let i = 0; i < 400; i++) { // each result takes 400 kB of memory meanwhile
      await rt.histogram(xs, { bins: 100_000, min: 0, max: 1 });
      await assert.rejects(rt.histogram(new Float64Array(5), { bins: 100_000, min: 0, max: 1 }), { code: 'WEFT_ERR_POINTER' });
      await rt.minmax(xs);
    }
    const wide = rt.array(Uint8Array, 1_000_000);
    for (let i = 0; i < 50; i++) {
      await assert.rejects(rt.with({ signal: AbortSignal.abort() }).scan(wide), { name: 'AbortError' });
    }
    for (let i = 0; i < 50; i++) rt.free(await rt.scan(wide));
  });

  it('runs under the options of rt.with', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const xs = noise(rt.array(Float64Array, 100_000));
    const reason = new Error('enough');
    const stopped = rt.with({ signal: AbortSignal.abort(reason) });
    for (const call of [() => stopped.sum(xs), () => stopped.minmax(xs), () => stopped.histogram(xs, { bins: 3 }), () => stopped.sort(xs)]) {
      await assert.rejects(call(), reason);
    }
    assert.equal(await rt.with({ priority: 'batch', timeoutMs: 30_000 }).sum(xs), await rt.sum(xs));
  });

  it('says how to link the kernels where they are missing', LIMIT, async (t) => {
    const rt = await open(t, flavour); // the fixture functions, without them
    const xs = rt.array(Float64Array, 4);
    for (const call of [() => rt.sort(rt.array(Int8Array, 4)), () => rt.minmax(xs), () => rt.histogram(xs, { bins: 2, min: 0, max: 1 }), () => rt.hash('text')]) {
      await assert.rejects(call(), weftError('WEFT_ERR_EXPORT', /weft_\w+.* KERNELS .*weft_add_module/));
    }
  });

  it('refuses calls after close', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const xs = rt.array(Float64Array, 4);
    await rt.close();
    await assert.rejects(rt.sum(xs), weftError('WEFT_ERR_CLOSED', /./));
    await assert.rejects(rt.minmax(xs), weftError('WEFT_ERR_CLOSED', /./));
    await assert.rejects(rt.scan(xs), weftError('WEFT_ERR_CLOSED', /./));
    await assert.rejects(rt.hash('text'), weftError('WEFT_ERR_CLOSED', /./));
  });
});

const stock = new URL('../../js-glue/wasm/weft.wasm', import.meta.url);

describe('the stock module', { skip: existsSync(stock) || process.env.WEFT_TARGETS ? false : 'weft.wasm is not built' }, () => {
  it('is what createRuntime loads when no module is named', LIMIT, async (t) => {
    for (const options of [undefined, {}, { threads: 1 }]) {
      const rt = await createRuntime(options);
      t.after(() => rt.close());
      assert.ok(rt.info.functions.includes('weft_sum_f64'));
      assert.equal(await rt.sum(rt.array(Float64Array, 1000).fill(0.5)), 500);
    }
  });
});
