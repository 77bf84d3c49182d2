// How programs with POSIX threads end: the exit code, what is written, and never a hang.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { instantiate } from '../../js-glue/src/imports.js';
import { now } from '../../js-glue/src/node-io.js';
import { LIMIT, fixture, missing } from './support.js';

const runner = fileURLToPath(new URL('wasi-run.js', import.meta.url));

/** Runs a program; a hang ends with code 124. */
function run(name, ...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [runner, fixture('wasi', `${name}.wasm`), ...args],
      { env: { ...process.env, WEFT_RUN_SECONDS: '30' } },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

describe('a program with POSIX threads', { skip: missing('wasi') }, () => {
  test('ends when a second thread calls exit, with its code and after atexit', LIMIT, async () => {
    const { code, stdout } = await run('posix_program', 'exit');
    assert.equal(code, 7);
    assert.equal(stdout, 'atexit\n');
  });

  test('ends when main returns, whatever still runs', LIMIT, async () => {
    const { code, stdout } = await run('posix_program', 'return');
    assert.equal(code, 5);
    assert.equal(stdout, 'atexit\n');
  });

  for (const how of ['trap', 'trap-detached']) {
    test(`ends with the stack of a thread that traps (${how})`, LIMIT, async () => {
      const { code, stdout, stderr } = await run('posix_program', how);
      assert.equal(code, 134);
      assert.equal(stdout, '');
      assert.match(stderr, /unreachable/);
      assert.match(stderr, /trap_here/);
    });
  }

  test('ends when a second thread aborts', LIMIT, async () => {
    const { code, stderr } = await run('posix_program', 'abort');
    assert.equal(code, 134);
    assert.match(stderr, /call_abort/);
  });

  for (const how of ['overrun', 'overrun-deep', 'overrun-main', 'overrun-main-deep']) {
    test(`names a stack that was too small (${how})`, LIMIT, async () => {
      const { code, stderr } = await run('posix_program', how);
      assert.equal(code, 134);
      assert.match(stderr, /StackOverflow: the thread overran its stack/);
      assert.match(stderr, /wasm-function.*(?:overrun|recurse)|(?:overrun|recurse).*wasm-function/);
    });
  }

  test('ends with its last thread when main calls pthread_exit', LIMIT, async () => {
    const { code, stdout } = await run('posix_main_exit');
    assert.equal(code, 0);
    assert.equal(stdout, 'cleanup\nworked\nworked\nworked\n');
  });

  /** Without workers: threads are as good as started when the host says so. */
  function startThreads(spawn) {
    const module = new WebAssembly.Module(readFileSync(fixture('wasi', 'posix_limit.wasm')));
    const memory = new WebAssembly.Memory({ initial: 4096, maximum: 4096, shared: true });
    let text = '';
    const write = (_, bytes) => { text += Buffer.from(bytes).toString(); };
    const instance = instantiate({ module, memory, cpus: 1, now, write, spawn, args: ['limit'], env: {} });
    try {
      instance.exports._start();
    } catch (error) {
      if (error.name !== 'WasiExit' || error.status !== 0) throw error;
    }
    return text;
  }

  test('gets EAGAIN for one thread more than there can be', LIMIT, () => {
    let threads = 0;
    assert.equal(startThreads(() => ++threads), '512 of 512, EAGAIN, EAGAIN\n');
    assert.equal(threads, 512);
  });

  test('gets EAGAIN when the host starts no thread', LIMIT, () => {
    let threads = 0;
    assert.equal(startThreads(() => (++threads > 3 ? -1 : threads)), '3 of 512, EAGAIN, EAGAIN\n');
  });
});

test('the page about POSIX names every function of the headers, and none that is not there', () => {
  const read = (file) => readFileSync(new URL(`../../src/thread/${file}`, import.meta.url), 'utf8');
  const page = read('POSIX.md');
  const declared = [...read('include/pthread.h').matchAll(/\b(pthread_\w+)(?=\()/g)].map(([, name]) => name);
  const there = page.slice(0, page.indexOf('## What is not there'));
  const named = [...there.matchAll(/`(pthread_\w+)`/g)].map(([, name]) => name);
  const constants = /^pthread_(?:t|attr_t)$/;
  assert.deepEqual([...new Set(named)].filter((name) => !constants.test(name)).sort(), [...new Set(declared)].sort());
});
