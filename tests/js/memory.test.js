import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { LIMIT, emscriptenWasm, flag, forEachFlavour, missing, modules, open, weftError } from './support.js';

forEachFlavour('memory', (flavour) => {
  it('hands out zeroed typed arrays, aligned to 64 bytes', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const types = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array,
      Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array];
    for (const Type of types) {
      const array = rt.array(Type, 33);
      assert.ok(array instanceof Type);
      assert.equal(array.length, 33);
      assert.equal(array.byteOffset % 64, 0);
      assert.equal(array.buffer, rt.memory.buffer);
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0xff);
      rt.free(array);
      assert.ok(rt.array(Type, 33).every((value) => Number(value) === 0)); // where the old one was
    }
    assert.equal(rt.array(Float64Array, 0).length, 0);
  });

  it('refuses what is not a typed array type or a length', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    for (const Type of [Array, DataView, Buffer, undefined, 'Float64Array', () => {}]) {
      assert.throws(() => rt.array(/** @type {any} */ (Type), 1), weftError('WEFT_ERR_INVALID', /constructor/));
    }
    for (const length of [-1, 0.5, NaN, '3', undefined]) {
      assert.throws(() => rt.array(Float64Array, /** @type {any} */ (length)), weftError('WEFT_ERR_INVALID', /length/));
      assert.throws(() => rt.alloc(/** @type {any} */ (length)), weftError('WEFT_ERR_INVALID', /size/));
    }
  });

  it('passes arrays and parts of arrays as pointers', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    rt.array(Uint8Array, 100);
    const xs = rt.array(Float64Array, 1000).fill(1);
    rt.array(Uint8Array, 100);
    assert.equal(await rt.call('sum_f64', xs, xs.length), 1000);
    assert.equal(await rt.call('sum_f64', xs.subarray(500), 500), 500);
    assert.equal(await rt.call('sum_f64', xs.subarray(1000), 0), 0);
    assert.equal(await rt.call('sum_f64', xs.byteOffset + 8, 10), 10);
    assert.equal(await rt.call('sum_f64', new DataView(xs.buffer, xs.byteOffset, 80), 10), 10);
  });

  it('refuses arrays from elsewhere and names rt.share', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const other = await open(t, flavour);
    const shared = new Float64Array(new SharedArrayBuffer(800));
    for (const array of [new Float64Array(100), shared, other.array(Float64Array, 100), Buffer.alloc(800)]) {
      await assert.rejects(rt.call('sum_f64', array, 100), weftError('WEFT_ERR_POINTER', /argument 1 .*rt\.share\(\)/));
    }
    assert.equal(await rt.call('sum_f64', rt.share(new Float64Array([1, 2, 3])), 3), 6);
  });

  it('refuses freed arrays, even when their place is used again', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const xs = rt.array(Float64Array, 100);
    rt.free(xs);
    await assert.rejects(rt.call('sum_f64', xs, 100), weftError('WEFT_ERR_POINTER', /freed/));
    await assert.rejects(rt.call('sum_f64', xs.subarray(5), 1), weftError('WEFT_ERR_POINTER', /freed/));
    rt.array(Float64Array, 100);
    await assert.rejects(rt.call('sum_f64', xs, 100), weftError('WEFT_ERR_POINTER', /freed/));
  });

  it('refuses a view that is larger than its array', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const xs = rt.array(Float64Array, 100);
    const wide = new Float64Array(xs.buffer, xs.byteOffset, 101);
    await assert.rejects(rt.call('sum_f64', wide, 101), weftError('WEFT_ERR_POINTER', /./));
  });

  it('frees once only, and only what it handed out', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const xs = rt.array(Float64Array, 100);
    const pointer = rt.alloc(100);
    rt.free(xs);
    rt.free(pointer);
    const foreign = [xs, pointer, 12345, new Float64Array(1), rt.array(Int8Array, 9).subarray(1), null, undefined];
    for (const target of foreign) {
      assert.throws(() => rt.free(/** @type {any} */ (target)), weftError('WEFT_ERR_POINTER', /rt\.free/));
    }
  });

  it('does not free an array under a pending call', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const { word, raise } = flag(rt);
    const call = rt.call('wait_for', word);
    assert.throws(() => rt.free(word), weftError('WEFT_ERR_STATE', /pending/));
    raise();
    await call;
    rt.free(word);
  });

  it('copies with rt.share and keeps the type', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const source = new BigInt64Array([1n, -2n]);
    const copy = rt.share(source);
    assert.deepEqual([...copy], [1n, -2n]);
    assert.ok(copy instanceof BigInt64Array && copy.buffer === rt.memory.buffer);
    copy[0] = 5n;
    assert.equal(source[0], 1n);
    assert.equal(rt.share(Buffer.from('abc')).constructor, Uint8Array);
    assert.deepEqual([...rt.share(new Uint8Array([7, 8]).buffer)], [7, 8]);
    for (const wrong of [null, undefined, 5, 'text', [1, 2]]) {
      assert.throws(() => rt.share(/** @type {any} */ (wrong)), weftError('WEFT_ERR_INVALID', /rt\.share/));
    }
  });

  it('takes types, arrays, buffers and URLs of another realm, as test runners have them', LIMIT, async (t) => {
    const realm = runInNewContext('({ Float64Array, BigInt64Array, Uint8Array, ArrayBuffer, DataView })');
    const bytes = new realm.Uint8Array(readFileSync(flavour === 'wasi' ? modules.wasi : emscriptenWasm)).buffer;
    const { href, protocol, hostname, pathname } = pathToFileURL(modules[flavour]);
    const url = { href, protocol, hostname, pathname, toString: () => href, [Symbol.toStringTag]: 'URL' }; // jsdom's
    for (const options of [{ module: url }, ...(flavour === 'wasi' ? [{ module: bytes }] : [{ wasm: bytes }])]) {
      const rt = await open(t, flavour, options);
      const xs = rt.array(realm.Float64Array, 100).fill(2);
      assert.ok(xs instanceof realm.Float64Array && xs.buffer === rt.memory.buffer);
      assert.equal(await rt.call('sum_f64', xs, 100), 200);
      assert.deepEqual([...rt.share(new realm.BigInt64Array([5n]))], [5n]);
      assert.deepEqual([...rt.share(new realm.DataView(new realm.ArrayBuffer(2)))], [0, 0]);
      rt.free(xs);
      for (const Type of [realm.DataView, runInNewContext('Object.setPrototypeOf(function () {}, function TypedArray() {})')]) {
        assert.throws(() => rt.array(Type, 1), weftError('WEFT_ERR_INVALID', /constructor/));
      }
    }
  });

  it('reports out of memory with figures and goes on', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const kept = rt.array(Float64Array, 1000);
    for (const length of [16 * 1024 * 1024, 2 ** 40]) {
      assert.throws(() => rt.array(Float64Array, length),
        weftError('WEFT_ERR_NOMEM', new RegExp(`${length * 8} bytes asked for; of ${rt.info.memoryBytes} .*8000 are held by 1`)));
    }
    await assert.rejects(rt.call('text_bytes', 'x'.repeat(100 * 1024 * 1024)), weftError('WEFT_ERR_NOMEM', /./));
    assert.equal(await rt.call('heap_fits', 4 * 1024 * 1024 * 1024 - 65536), 0);
    assert.equal(await rt.call('sum_f64', kept, 1000), 0);
  });

  it('reads C strings and refuses what is none', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    for (const wrong of [0, -1, 2 ** 40, NaN, '5', undefined]) {
      assert.throws(() => rt.string(/** @type {any} */ (wrong)), weftError('WEFT_ERR_POINTER', /rt\.string/));
    }
  });
});

const noShell = process.platform === 'linux' ? false : 'ulimit -v is known to work on Linux';
describe('memory under ulimit -v', { skip: missing('wasi') || noShell }, () => {
  const start = (...flags) => new Promise((resolve) => {
    const script = `const { createRuntime } = await import(${JSON.stringify(new URL('../../js-glue/src/index.js', import.meta.url).href)});
      const rt = await createRuntime({ module: ${JSON.stringify(modules.wasi)}, threads: 1, memoryBytes: 2 ** 26 }).catch((error) => error);
      console.log(rt.code ?? await rt.call('sum_f64', rt.array(Float64Array, 2).fill(2), 2), rt.message ?? '');`;
    execFile('sh', ['-c', 'ulimit -v 8000000 && exec "$0" "$@"', process.execPath, ...flags, '--input-type=module', '--eval', script],
      { timeout: 120_000 }, (error, stdout) => resolve(error ? `${error}` : stdout));
  });

  it('says how to start, and starts so', LIMIT, async () => {
    // Node 24 does without the trap handler by itself.
    assert.match(await start(), /^(4 |WEFT_ERR_NOMEM .* bytes\. .*ulimit -v .*--disable-wasm-trap-handler)\n$/);
    assert.equal(await start('--disable-wasm-trap-handler'), '4 \n');
  });
});
