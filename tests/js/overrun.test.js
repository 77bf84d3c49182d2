// A C stack that is overrun: the call fails, and nothing that belongs to others has changed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LIMIT, forEachFlavour, missing, open, until, weftError } from './support.js';

const OVERRUN = weftError('WEFT_ERR_STACK', /^\w+ overran its stack.*; recurse less deeply, or raise stackBytes$/);

/** What overruns, by its frames. */
const WAYS = [
  ...[64, 270, 4096, 100_000].map((bytes) => ['overrun', bytes]),
  ...[6_000_000, 40_000_000, 2_000_000_000].map((bytes) => ['overrun_at_once', bytes]),
  ['overrun_allocating'], ['overrun_spawning'], ['overrun_grouping'], ['overrun_through_pointer'],
  ...[64, 270, 4096, 100_000].map((bytes) => ['overrun_in_task', bytes]),
  ['overrun_in_slice', 270],
];

forEachFlavour('a stack overrun', (flavour) => {
  for (const [name, ...args] of WAYS) {
    it(`${name}(${args.join()}) fails that call alone and changes no memory of others`, LIMIT, async (t) => {
      const rt = await open(t, flavour, { threads: 4 });
      const arrays = Array.from({ length: 32 }, (_, index) => rt.array(Uint8Array, 300_000).fill(index + 1));
      const words = rt.array(Int32Array, 2);
      const neighbours = [0, 1].map(() => rt.call('keep_frame', words.subarray(0, 1), words.subarray(1)));
      await until(() => Atomics.load(words, 0) === 2);
      for (let round = 0; round < 4; round++) await assert.rejects(rt.call(name, ...args), OVERRUN);
      assert.equal(await rt.call('count_down', 500), await rt.call('count_down', 500));
      Atomics.store(words, 1, 1);
      assert.deepEqual(await Promise.all(neighbours), [0, 0]);
      arrays.forEach((array, index) => assert.ok(array.every((byte) => byte === index + 1), `array ${index} has changed`));
      const echoes = await Promise.all(Array.from({ length: 200 }, (_, index) => rt.call('echo_i32', index)));
      assert.deepEqual(echoes, echoes.map((_, index) => index));
    });
  }

  it('has room for as much as stackBytes says', LIMIT, async (t) => {
    const rt = await open(t, flavour, { stackBytes: 8 * 1024 * 1024 });
    await rt.call('overrun_at_once', 7_900_000);
    await assert.rejects(rt.call('overrun_at_once', 8_400_000), OVERRUN);
    const deep = await open(t, flavour, { stackBytes: 65_536 });
    await deep.call('count_down', 150);
    await assert.rejects(deep.call('count_down', 300), OVERRUN);
  });

  it('shows the function in which it was', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const error = await rt.call('overrun', 270).catch((caught) => caught);
    assert.match(error.cause.stack, /recurse_270/);
  });

  it('ends the call where there are no workers, and the next one runs', LIMIT, async (t) => {
    let rt = await open(t, flavour, { threads: 0 });
    for (const [name, ...args] of WAYS) {
      if (name === 'overrun_in_task') continue; // waits for another thread
      const error = await rt.call(name, ...args).catch((caught) => caught);
      if (error.code === 'WEFT_ERR_WORKER' && /Maximum call stack/.test(error.message)) {
        // This thread's stack has ended first, and in the middle of the runtime's own code.
        await assert.rejects(rt.call('echo_i32', 7), weftError('WEFT_ERR_WORKER', /make a new one/));
        rt = await open(t, flavour, { threads: 0 });
      } else {
        assert.equal(error.code, 'WEFT_ERR_STACK', `${name}(${args.join()})`);
        assert.equal(await rt.call('echo_i32', 7), 7);
      }
    }
  });
});

const glue = fileURLToPath(new URL('../../js-glue/', import.meta.url));
const sdk = process.env.WEFT_SDK ?? path.join(glue, 'sdk');
const skip = missing('wasi') || (existsSync(sdk) || process.env.WEFT_TARGETS ? false : `${sdk} is not there: npm run build`);

describe('weft build and stack overruns', { skip }, () => {
  /** @param {any} t  @param {string[]} options  @returns {string} the module */
  function build(t, ...options) {
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-overrun-test-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const source = fileURLToPath(new URL('fixtures/unchecked.c', import.meta.url));
    execFileSync(process.execPath, [path.join(glue, 'bin/weft.js'), 'build', ...options, source, '-o', 'unchecked'],
      { cwd: folder, env: { ...process.env, WEFT_CACHE: path.join(folder, 'cache') } });
    return path.join(folder, 'unchecked.wasm');
  }

  it('checks modules', LIMIT, async (t) => {
    const rt = await open(t, 'wasi', { module: build(t) });
    for (const bytes of [512, 100_000]) await assert.rejects(rt.call('write_below', bytes), OVERRUN);
    assert.equal(await rt.call('echo', 7), 7);
  });

  for (const option of ['--no-stack-check', '-g']) {
    it(`finds it afterwards with ${option}`, LIMIT, async (t) => {
      const rt = await open(t, 'wasi', { module: build(t, option) });
      assert.equal(await rt.call('write_below', -5000), 1);
      for (let round = 0; round < 3; round++) await assert.rejects(rt.call('write_below', 512), OVERRUN);
      assert.equal(await rt.call('echo', 7), 7);
      // As far as the zone reaches, so perhaps further.
      await assert.rejects(rt.call('write_below', 1020), weftError('WEFT_ERR_WORKER', /memory overwritten/));
      await assert.rejects(rt.call('echo', 7), weftError('WEFT_ERR_WORKER', /make a new one/));
    });
  }
});
