// Calls that have to wait, on the main thread's own instance: where it must not sleep they say so
// at once; where it may, as in Node, they wait until their limit.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { codeOf } from '../../js-glue/src/status.js';
import { instantiate } from '../../js-glue/src/imports.js';
import { LIMIT, modules } from './support.js';

const CALLS = ['mutex', 'cond', 'read lock', 'write lock', 'semaphore', 'barrier', 'event',
  'channel send', 'channel receive', 'ring send', 'ring receive'];
const PAGES = 1024;

const file = fileURLToPath(new URL('would_block.wasm', new URL(modules.wasi, 'file:')));

/** A main instance without a runtime. */
function openMain() {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const { exports } = instantiate({
    module: new WebAssembly.Module(readFileSync(file)),
    memory,
    cpus: 1,
    now: () => performance.now() * 1e6,
    write: (fd, bytes) => { process.stderr.write(bytes); },
    spawn: () => -1,
  });
  const main = /** @type {any} */ (exports);
  main._initialize?.();
  return main;
}

describe('waiting on the main thread', { ...LIMIT, skip: existsSync(file) ? false : `${file} is not built` }, () => {
  for (const [number, name] of CALLS.entries()) {
    test(`${name}: refused where the thread must not sleep, at its limit where it may`, () => {
      const main = openMain();
      assert.equal(codeOf(main.wait_in_vain(number)), 'WEFT_ERR_WOULD_BLOCK');
      main.weft_main_may_sleep(1);
      assert.equal(codeOf(main.wait_in_vain(number)), 'WEFT_ERR_TIMEOUT');
      main.weft_main_may_sleep(0);
      assert.equal(codeOf(main.wait_in_vain(number)), 'WEFT_ERR_WOULD_BLOCK');
    });
  }
});
