// weft build on a machine without clang: by the npm package @yowasp/clang.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRuntime } from '../../js-glue/src/index.js';
import { missing } from './support.js';

const LIMIT = { timeout: 400_000 };
const glue = fileURLToPath(new URL('../../js-glue/', import.meta.url));
const CLI = path.join(glue, 'bin/weft.js');
const SDK = process.env.WEFT_SDK ?? path.join(glue, 'sdk');
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const compiler = fileURLToPath(new URL('../../build/compiler/node_modules/@yowasp', import.meta.url));
const skip = missing('wasi') ||
  (existsSync(SDK) || process.env.WEFT_TARGETS ? false : `${SDK} is not there: npm run build`) ||
  (existsSync(compiler) ? false : '@yowasp/clang is not installed');

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-yowasp-test-'));
after(() => rmSync(home, { recursive: true }));

let folders = 0;
/** A project that has installed the package. */
function newFolder(...names) {
  const folder = path.join(home, String(folders++));
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(compiler, path.join(folder, 'node_modules/@yowasp'));
  for (const name of names) cpSync(path.join(fixtures, name), path.join(folder, name));
  return folder;
}

function weft(args, { cwd, env = { PATH: '' } }) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { cwd, env: { ...process.env, WEFT_CACHE: path.join(home, 'cache'), ...env } },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

describe('weft build with @yowasp/clang', { skip }, () => {
  test('makes what clang makes', LIMIT, async (t) => {
    const cwd = newFolder('layouts.c', 'shapes.h');
    const built = await weft(['build', 'layouts.c', '-Wall'], { cwd });
    assert.equal(built.code, 0, built.stderr);
    const texts = () => ['layouts.js', 'layouts.d.ts'].map((name) => readFileSync(path.join(cwd, name), 'utf8'));
    const packaged = texts();
    const rt = await createRuntime({ module: path.join(cwd, 'layouts.wasm'), threads: 2, memoryBytes: 2 ** 25 });
    t.after(() => rt.close());
    assert.equal(await rt.call('large') >>> 0, 4_000_000_000);
    assert.equal(await rt.call('mix', 5, 5), 5);
    const again = await weft(['build', 'layouts.c', '-Wall', '--verbose'], { cwd });
    assert.ok(!again.stderr.includes('@yowasp'), 'the cache has it');
    assert.equal((await weft(['build', 'layouts.c', '-Wall'], { cwd, env: {} })).code, 0);
    assert.deepEqual(texts(), packaged);
  });

  test('runs loops on every thread', LIMIT, async (t) => {
    const cwd = newFolder('shapes.c', 'shapes.h');
    mkdirSync(path.join(cwd, 'include'));
    cpSync(path.join(cwd, 'shapes.h'), path.join(cwd, 'include/shapes.h'));
    rmSync(path.join(cwd, 'shapes.h'));
    const { code, stderr } = await weft(['build', 'shapes.c', '-Iinclude', '-DFACTOR=3'], { cwd });
    assert.equal(code, 0, stderr);
    const rt = await createRuntime({ module: pathToFileURL(path.join(cwd, 'shapes.wasm')), threads: 2, memoryBytes: 2 ** 25 });
    t.after(() => rt.close());
    const bytes = rt.array(Uint8Array, 1_000_000).fill(7);
    await rt.call('negate', bytes, bytes, bytes.length);
    assert.ok(bytes.every((value) => value === 248));
  });

  test('compiles a program for weft run', LIMIT, async () => {
    const cwd = newFolder('posix_program.c');
    const { code, stdout, stderr } = await weft(['run', 'posix_program.c', '--', 'exit'], { cwd });
    assert.deepEqual([code, stdout], [7, 'atexit\n'], stderr);
  });

  test('hands on what the compiler says', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'bad.c'), '#include <weft.h>\nWEFT_EXPORT int f(void)\n{\n    return nothing;\n}\n');
    const bad = await weft(['build', 'bad.c'], { cwd });
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /^bad\.c:4:12: error: use of undeclared identifier 'nothing'\n/);
    writeFileSync(path.join(cwd, 'bad.c'), '#include <weft.h>\nint fork(void);\nWEFT_EXPORT int f(void) { return fork(); }\n');
    const unlinked = await weft(['build', 'bad.c'], { cwd });
    assert.notEqual(unlinked.code, 0);
    assert.match(unlinked.stderr, /undefined symbol: fork[^]*weft: fork: WebAssembly has no processes/);
  });
});
