// How programs with POSIX threads end: the exit code, what is written, and never a hang.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
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

  test('names a stack that was too small', LIMIT, async () => {
    const { code, stderr } = await run('posix_program', 'overrun');
    assert.equal(code, 134);
    assert.match(stderr, /weft: a thread wrote past the end of its stack/);
  });

  test('ends with its last thread when main calls pthread_exit', LIMIT, async () => {
    const { code, stdout } = await run('posix_main_exit');
    assert.equal(code, 0);
    assert.equal(stdout, 'cleanup\nworked\nworked\nworked\n');
  });
});
