import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LIMIT, flag, forEachFlavour, open, weftError } from './support.js';

forEachFlavour('call', (flavour) => {
  it('returns what the function returns, for every type', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    assert.equal(await rt.call('echo_i32', -5), -5);
    assert.equal(await rt.call('echo_i64', 9007199254740993n), 9007199254740993n);
    assert.equal(await rt.call('echo_f32', 1.5), 1.5);
    assert.equal(await rt.call('echo_f64', Math.PI), Math.PI);
    assert.equal(await rt.call('nothing'), undefined);
    assert.equal(await rt.call('mixed', 1, 2n, 3.5, 4.25), 10.75);
  });

  it('takes i32 from -2^31 to 2^32-1, booleans and null', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    assert.equal(await rt.call('echo_i32', -(2 ** 31)), -(2 ** 31));
    assert.equal(await rt.call('echo_i32', 2 ** 32 - 1), -1);
    assert.equal(await rt.call('echo_i32', true), 1);
    assert.equal(await rt.call('echo_i32', null), 0);
    for (const value of [2 ** 32, -(2 ** 31) - 1, 0.5, NaN, Infinity]) {
      await assert.rejects(rt.call('echo_i32', value), weftError('WEFT_ERR_INVALID', /^echo_i32: argument 1 of 1/));
    }
  });

  it('takes i64 from -2^63 to 2^64-1 as BigInt only', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    assert.equal(await rt.call('echo_i64', -(2n ** 63n)), -(2n ** 63n));
    assert.equal(await rt.call('echo_i64', 2n ** 64n - 1n), -1n);
    for (const value of [2n ** 64n, -(2n ** 63n) - 1n, 5]) {
      await assert.rejects(rt.call('echo_i64', value), weftError('WEFT_ERR_INVALID', /BigInt/));
    }
  });

  it('says which argument has which wrong type', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    await assert.rejects(rt.call('mixed', 1, 2n, 3, '4'),
      weftError('WEFT_ERR_INVALID', 'mixed: argument 4 of 4 must be an f64 (a number), got "4"'));
    await assert.rejects(rt.call('echo_f32', 1n), weftError('WEFT_ERR_INVALID', /an f32 .*got 1n/));
    for (const value of [undefined, {}, [], () => {}, Symbol('s'), 1n, new ArrayBuffer(8)]) {
      await assert.rejects(rt.call('echo_i32', value), weftError('WEFT_ERR_INVALID', /must be an i32/));
    }
  });

  it('refuses a wrong number of arguments', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    await assert.rejects(rt.call('echo_i32'), weftError('WEFT_ERR_INVALID', 'echo_i32 takes 1 argument, got 0'));
    await assert.rejects(rt.call('mixed', 1, 2n, 3, 4, 5),
      weftError('WEFT_ERR_INVALID', 'mixed takes 4 arguments, got 5'));
  });

  it('passes sixteen arguments, and hides a function with more', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const args = Array.from({ length: 16 }, (_, index) => index + 1);
    const expected = args.reduce((sum, value, index) => sum + value * (index + 1), 0);
    assert.equal(await rt.call('sixteen', ...args), expected);
    await assert.rejects(rt.call('seventeen', ...args, 17), weftError('WEFT_ERR_EXPORT', /seventeen/));
  });

  it('names the nearest exports for an unknown one', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    await assert.rejects(rt.call('smu_f64'), weftError('WEFT_ERR_EXPORT', /did you mean sum_f64\?/));
    await assert.rejects(rt.call('qqqqqqqqqqqqqqq'), weftError('WEFT_ERR_EXPORT', /it exports .*WEFT_EXPORT/));
    await assert.rejects(rt.call('weft_js_stop'), weftError('WEFT_ERR_EXPORT', /weft_js_stop/));
    await assert.rejects(rt.call(/** @type {any} */ (undefined)), weftError('WEFT_ERR_EXPORT', /undefined/));
  });

  it('passes text as UTF-8 and gives its memory back', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const text = 'Größe: 3 € 🧵';
    assert.equal(await rt.call('text_bytes', text), Buffer.byteLength(text));
    assert.equal(await rt.call('text_bytes', ''), 0);
    assert.equal(rt.string(await rt.call('greeting')), 'grüß dich');
    await assert.rejects(rt.call('text_bytes', 'a\0b'), weftError('WEFT_ERR_INVALID', /NUL/));

    const long = 'x'.repeat(1024 * 1024); // 200 of them do not fit at once
    for (let i = 0; i < 200; i++) assert.equal(await rt.call('text_bytes', long), long.length);
    for (let i = 0; i < 200; i++) {
      await assert.rejects(rt.call('mixed', long, 1, 1, 1), weftError('WEFT_ERR_INVALID', /argument 2/));
    }
  });

  it('answers each of 10,000 calls at once with its own result', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const counter = rt.array(Int32Array, 1);
    const calls = Array.from({ length: 10_000 }, (_, index) =>
      index % 2 ? rt.call('add_one', counter) : rt.call('echo_i32', index));
    const results = await Promise.all(calls);
    results.forEach((result, index) => assert.equal(result, index % 2 ? undefined : index));
    assert.equal(counter[0], 5_000);
  });

  it('runs two calls at the same time on two threads', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const [first, second] = [flag(rt), flag(rt)];
    const waiting = rt.call('wait_for', first.word);
    const other = rt.call('wait_for', second.word);
    second.raise();
    await other;
    assert.equal(await rt.call('echo_i32', 7), 7);
    first.raise();
    await waiting;
  });

  it('uses one thread as well as sixteen', LIMIT, async (t) => {
    for (const threads of [1, 16]) {
      const rt = await open(t, flavour, { threads });
      const xs = rt.array(Float64Array, 100_000).fill(0.5);
      assert.equal(await rt.call('sum_f64', xs, xs.length), 50_000);
      assert.equal(rt.info.threads, threads);
      await rt.close();
    }
  });

  it('works without Atomics.waitAsync', LIMIT, async (t) => {
    const rt = await open(t, flavour, { waitAsync: false });
    assert.equal(rt.info.waitAsync, false);
    for (let i = 0; i < 200; i++) assert.equal(await rt.call('echo_i32', i), i);
    const results = await Promise.all(Array.from({ length: 3_000 }, (_, index) => rt.call('echo_i32', index)));
    results.forEach((result, index) => assert.equal(result, index));
  });
});
