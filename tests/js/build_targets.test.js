// weft build for targets other than the default, and with C libraries other than the compiler's.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { missing } from './support.js';

const LIMIT = { timeout: 400_000 }; // the first one compiles weft
const glue = fileURLToPath(new URL('../../js-glue/', import.meta.url));
const CLI = path.join(glue, 'bin/weft.js');
const SDK = process.env.WEFT_SDK ?? path.join(glue, 'sdk');
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const skip = missing('wasi') || (existsSync(SDK) || process.env.WEFT_TARGETS ? false : `${SDK} is not there: npm run build`);

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-targets-test-'));
after(() => rmSync(home, { recursive: true }));
mkdirSync(path.join(home, 'node_modules/weft'), { recursive: true });
writeFileSync(path.join(home, 'package.json'), '{ "type": "module" }');
writeFileSync(path.join(home, 'node_modules/weft/package.json'), '{ "type": "module", "exports": "./index.js" }');
writeFileSync(path.join(home, 'node_modules/weft/index.js'), `export * from ${JSON.stringify(pathToFileURL(path.join(glue, 'src/index.js')).href)};\n`);

let folders = 0;
function newFolder() {
  const folder = path.join(home, String(folders++));
  mkdirSync(folder);
  for (const name of ['shapes.c', 'shapes.h']) cpSync(path.join(fixtures, name), path.join(folder, name));
  return folder;
}

function run(program, args, { cwd, env = {} }) {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...process.env, WEFT_CACHE: path.join(home, 'cache'), ...env } },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}
const weft = (args, options) => run(process.execPath, [CLI, ...args], options);

const SILENT = { code: 0, stdout: '', stderr: '' };
const PROGRAM = `#include <weft.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static void count(void *total, size_t first, size_t last) { atomic_fetch_add((_Atomic size_t *)total, last - first); }
static void *run(void *total)
{
    weft_options options = {.threads = 2};
    if (weft_runtime_start(&options) != WEFT_OK)
        exit(1);
    weft_for(0, 1000, 0, count, total);
    return weft_runtime_stop() == WEFT_OK ? total : NULL;
}
int main(int argc, char **argv)
{
    _Atomic size_t total = 0;
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, run, &total) != 0 || pthread_join(thread, &result) != 0 || result != &total)
        return 1;
    printf("%zu %d\\n", (size_t)total, argc);
    return argv[0] ? 3 : 2;
}
`;

describe('weft build --target native', { skip: skip || (process.platform === 'linux' ? false : 'weft runs natively on Linux') }, () => {
  test('makes a library that C can call', LIMIT, async () => {
    const cwd = newFolder();
    assert.deepEqual(await weft(['build', 'shapes.c', '-DFACTOR=2', '--simd', '--target', 'native', '-o', 'lib/shapes'], { cwd }), SILENT);
    assert.deepEqual(readdirSync(path.join(cwd, 'lib')), ['libshapes.so']);
    writeFileSync(path.join(cwd, 'main.c'), `#include <weft.h>
      #include <stdio.h>
      #include "shapes.h"
      double centre(const struct shape *shapes, size_t count, point *out);
      void negate(const uint8_t *in, uint8_t *out, size_t count);
      static uint8_t bytes[100000];
      int main(void) {
        point at;
        struct shape shape = {.at = {4, 5}, .size = {2, 3}};
        weft_options options = {.threads = 2};
        if (weft_runtime_start(&options) != WEFT_OK) return 1;
        negate(bytes, bytes, sizeof bytes);
        double area = centre(&shape, 1, &at);
        printf("%g %g %d\\n", area, at.y, bytes[99999]);
        return weft_runtime_stop() == WEFT_OK ? 0 : 1;
      }`);
    const include = path.join(SDK, 'wasi/include');
    assert.deepEqual(await run('cc', ['main.c', '-I', include, '-Llib', '-lshapes', '-Wl,-rpath,lib', '-o', 'main'], { cwd }), SILENT);
    assert.deepEqual(await run('./main', [], { cwd }), { code: 0, stdout: '12 5 255\n', stderr: '' });
  });

  test('makes a program', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'prog.c'), PROGRAM);
    assert.deepEqual(await weft(['build', 'prog.c', '--program', '--target=native'], { cwd }), SILENT);
    assert.deepEqual(await run('./prog', ['a'], { cwd }), { code: 3, stdout: '1000 2\n', stderr: '' });
  });

  test('says what is missing', LIMIT, async () => {
    const cwd = newFolder();
    const { code, stderr } = await weft(['build', 'shapes.c', '--target', 'native'], { cwd, env: { CC: 'nocc' } });
    assert.equal(code, 1);
    assert.match(stderr, /there is no C compiler nocc here/);
  });
});

describe('weft build --target emscripten', { skip: skip || missing('emscripten') }, () => {
  test('makes a module for JavaScript', LIMIT, async (t) => {
    const cwd = newFolder();
    assert.deepEqual(await weft(['build', 'shapes.c', '--target', 'emscripten', '-o', 'out/shapes'], { cwd }), SILENT);
    const files = readdirSync(path.join(cwd, 'out/shapes-emscripten'));
    for (const name of ['node.js', 'node.wasm', 'browser.mjs', 'browser.wasm']) assert.ok(files.includes(name), name);
    const shapes = await import(pathToFileURL(path.join(cwd, 'out/shapes.js')).href);
    const rt = await shapes.default({ threads: 2 });
    t.after(() => rt.close());
    assert.equal(rt.info.flavour, 'emscripten');
    const bytes = rt.array(Uint8Array, 100_000).fill(7);
    await shapes.negate(bytes, bytes, bytes.length);
    assert.ok(bytes.every((value) => value === 248));
    const list = await shapes.structs.shape.create(2);
    list[1].id = 2n ** 40n;
    assert.equal(await shapes.identify(list[1]), 2n ** 40n);
  });

  test('makes a program for Node', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'prog.c'), PROGRAM);
    assert.deepEqual(await weft(['build', 'prog.c', '--program', '--target=emscripten'], { cwd }), SILENT);
    const { code, stdout } = await run(process.execPath, ['prog-emscripten/program.js', 'a', 'b'], { cwd });
    assert.deepEqual([code, stdout], [3, '1000 3\n']);
  });

  test('hands on what emcc says', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'bad.c'), 'int f(void) { return nothing; }\n');
    const { code, stderr } = await weft(['build', 'bad.c', '--target', 'emscripten'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /^bad\.c:1:22: error: use of undeclared identifier 'nothing'\n/);
  });
});

describe('weft build --target', { skip }, () => {
  test('emscripten says where emcc is to be had', LIMIT, async () => {
    const { code, stderr } = await weft(['build', 'shapes.c', '--target', 'emscripten'], { cwd: newFolder(), env: { PATH: '' } });
    assert.equal(code, 1);
    assert.match(stderr, /needs emcc on the PATH/);
  });

  test('refuses what there is not', LIMIT, async () => {
    const cwd = newFolder();
    for (const args of [['--target', 'windows'], ['--target'], ['--target', 'native', '--sysroot', '/']]) {
      const { code, stderr } = await weft(['build', 'shapes.c', ...args], { cwd });
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^weft: (there is no target windows|--target needs a value|--sysroot is for)/);
    }
  });
});

/** What looks like a sysroot to weft; the compiler's commands show what becomes of it. */
function fakeSysroot(cwd, ...names) {
  for (const name of names) mkdirSync(path.join(cwd, 'sysroot/lib', name), { recursive: true });
  return ['--sysroot', 'sysroot', '--verbose', '--no-cache'];
}

describe('weft build --sysroot', { skip }, () => {
  test('takes the threads of a sysroot for programs alone', LIMIT, async () => {
    const cwd = newFolder();
    const options = fakeSysroot(cwd, 'wasm32-wasip1', 'wasm32-wasip1-threads');
    writeFileSync(path.join(cwd, 'prog.c'), 'int main(void) { return 0; }\n');
    const program = (await weft(['build', 'prog.c', '--program', ...options], { cwd })).stderr;
    assert.match(program, /--target=wasm32-wasip1-threads --sysroot=sysroot .* -c prog\.c/);
    assert.ok(!program.includes('weft-thread'), 'the thread layer of weft is left out');
    const module = (await weft(['build', 'shapes.c', ...options], { cwd })).stderr;
    assert.match(module, /--target=wasm32-wasip1 --sysroot=sysroot .*weft-thread.* -c shapes\.c/);
  });

  test('says what is wrong with a sysroot', LIMIT, async () => {
    const cwd = newFolder();
    assert.match((await weft(['build', 'shapes.c', '--sysroot', 'none'], { cwd })).stderr, /none is no sysroot: it has no folder lib/);
    assert.match((await weft(['build', 'shapes.c', ...fakeSysroot(cwd, 'wasm32-wasip1-threads')], { cwd })).stderr,
      /sysroot has wasm32-wasip1-threads alone; modules take weft's threads/);
  });
});
