// weft build, and weft run with C files: from a C file to a function in JavaScript.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LIMIT, missing } from './support.js';

const glue = fileURLToPath(new URL('../../js-glue/', import.meta.url));
const CLI = path.join(glue, 'bin/weft.js');
const SDK = process.env.WEFT_SDK ?? path.join(glue, 'sdk');
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const skip = missing('wasi') || (existsSync(SDK) || process.env.WEFT_TARGETS ? false : `${SDK} is not there: npm run build`);

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-build-test-'));
after(() => rmSync(home, { recursive: true }));

/** A package that the loaders import as `weft`: the sources, and the types where they are made. */
mkdirSync(path.join(home, 'node_modules/weft'), { recursive: true });
writeFileSync(path.join(home, 'package.json'), '{ "type": "module" }');
writeFileSync(path.join(home, 'node_modules/weft/package.json'), '{ "type": "module", "exports": { "types": "./types/index.d.ts", "default": "./index.js" } }');
writeFileSync(path.join(home, 'node_modules/weft/index.js'), `export * from ${JSON.stringify(pathToFileURL(path.join(glue, 'src/index.js')).href)};\n`);
symlinkSync(path.join(glue, 'types'), path.join(home, 'node_modules/weft/types'));

let folders = 0;
function newFolder() {
  const folder = path.join(home, String(folders++));
  mkdirSync(folder);
  for (const name of ['shapes.c', 'shapes.h']) cpSync(path.join(fixtures, name), path.join(folder, name));
  return folder;
}

const environment = (env) => ({ ...process.env, WEFT_CACHE: path.join(home, 'cache'), ...env });

function weft(args, { cwd = home, env = {} } = {}) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { cwd, env: environment(env) },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

const SILENT = { code: 0, stdout: '', stderr: '' };

describe('weft build', { skip }, () => {
  test('makes functions and structs of C those of JavaScript', LIMIT, async (t) => {
    const cwd = newFolder();
    assert.deepEqual(await weft(['build', 'shapes.c', '-DFACTOR=2', '-Wall', '-o', 'out/shapes'], { cwd }), SILENT);
    const shapes = await import(pathToFileURL(path.join(cwd, 'out/shapes.js')).href);
    const rt = await shapes.default({ threads: 2, memoryBytes: 2 ** 25 });
    t.after(() => rt.close());

    const bytes = rt.array(Uint8Array, 100_000).fill(7);
    await shapes.negate(bytes, bytes, bytes.length);
    assert.ok(bytes.every((value) => value === 248));

    assert.equal(await shapes.delete(4, true, 2.5, 7n, 'a'), 10 + 100 + 7 + 97);

    assert.equal(shapes.structs.shape.bytes, 56);
    const list = await shapes.structs.shape.create(2);
    const centre = await shapes.structs.point.create();
    list.forEach((shape, index) => {
      shape.at.x = index + 1;
      shape.at.y = 0.5;
      shape.size.width = 2;
      shape.size.height = 3;
      shape.visible = 1;
    });
    assert.equal(await shapes.centre(list, 2, centre), 24);
    assert.deepEqual([centre[0].x, centre[0].y], [3, 1]);
    list[0].id = 2n ** 40n;
    list[0].tag[3] = 5;
    assert.equal(await shapes.identify(list), 2n ** 40n + 5n);
    assert.ok(!('hidden' in list[0]), 'a bit field has no address');
    list.free();
    await assert.rejects(shapes.identify(list), { code: 'WEFT_ERR_POINTER' });
  });

  test('gives them types that TypeScript holds', { ...LIMIT, skip: existsSync(path.join(glue, 'types')) ? false : 'js-glue/types is not made' }, async () => {
    const cwd = newFolder();
    assert.deepEqual(await weft(['build', 'shapes.c'], { cwd }), SILENT);
    const types = readFileSync(path.join(cwd, 'shapes.d.ts'), 'utf8');
    assert.match(types, /Turns each byte over\.\n[^]*export function negate\(in\$: Uint8Array[^,]*, out: Uint8Array[^,]*, count: number\): Promise<void>;/);
    writeFileSync(path.join(cwd, 'use.ts'), `import open, { negate, centre, structs, delete as remove, identify } from './shapes.js';
      const rt = await open({ threads: 2 });
      const a = rt.array(Uint8Array, 5);
      const nothing: void = await negate(a, a, 5);
      const shapes = await structs.shape.create(3);
      shapes[0].at.x = 5;
      const id: bigint = await identify(shapes);
      const sum: number = await centre(shapes, 3, await structs.point.create()) + await remove(1, true, 1, 2n, 'x');
      // @ts-expect-error: an array of doubles is no array of bytes
      await negate(rt.array(Float64Array, 5), a, 5);
      // @ts-expect-error: a 64-bit integer is a BigInt
      await remove(1, true, 1, 2, 'x');
      // @ts-expect-error: there is no such member
      shapes[0].hidden = 1;
      export { nothing, id, sum };\n`);
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const { stdout, code } = await new Promise((resolve) => {
      execFile(process.execPath, [tsc, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable', 'use.ts'],
        { cwd }, (error, stdout) => resolve({ stdout, code: error?.code ?? 0 }));
    });
    assert.deepEqual([code, stdout], [0, '']);
  });

  test('hands on what the compiler says, and its exit code', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'bad.c'), '#include <weft.h>\nWEFT_EXPORT int f(void)\n{\n    return nothing;\n}\n');
    const bad = await weft(['build', 'bad.c'], { cwd });
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /^bad\.c:4:12: error: use of undeclared identifier 'nothing'\n/);
    writeFileSync(path.join(cwd, 'bad.c'), '#include <none.h>\n');
    assert.match((await weft(['build', 'bad.c'], { cwd })).stderr, /^bad\.c:1:10: fatal error: 'none\.h' file not found/);
    writeFileSync(path.join(cwd, 'bad.c'), '#include <weft.h>\nint g(void);\nWEFT_EXPORT int f(void) { return g(); }\n');
    const unlinked = await weft(['build', 'bad.c'], { cwd });
    assert.notEqual(unlinked.code, 0);
    assert.match(unlinked.stderr, /undefined symbol: g/);
    writeFileSync(path.join(cwd, 'bad.c'), 'static int f(void) { return 1; }\nint g(void) { return 1; }\n');
    for (let run = 0; run < 2; run++) { // the second time from the cache
      assert.match((await weft(['build', 'bad.c', '-Wall'], { cwd })).stderr, /warning: unused function 'f'[^]*WEFT_EXPORT/);
    }
    assert.ok(!existsSync(path.join(cwd, 'bad.wasm')));
  });

  test('runs the compiler for what has changed only', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'more.c'), '#include <weft.h>\nWEFT_EXPORT int more(void) { return 1; }\n');
    const build = async () => (await weft(['build', 'shapes.c', 'more.c', '--verbose', '-o', 'all'], { cwd })).stderr;
    const compiled = (text) => [/ -c \S*shapes\.c/, / -c \S*more\.c/, /--whole-archive/].map((line) => line.test(text));
    assert.deepEqual(compiled(await build()), [true, true, true]);
    const made = statSync(path.join(cwd, 'all.wasm')).mtimeMs;
    assert.equal(await build(), '');
    assert.equal(statSync(path.join(cwd, 'all.wasm')).mtimeMs, made);
    writeFileSync(path.join(cwd, 'shapes.h'), `${readFileSync(path.join(cwd, 'shapes.h'), 'utf8')}typedef point place;\n`);
    assert.deepEqual(compiled(await build()).slice(0, 2), [true, false]);
    writeFileSync(path.join(cwd, 'more.c'), '#include <weft.h>\nWEFT_EXPORT int more(long x) { return 2 + (int)x; }\n');
    assert.deepEqual(compiled(await build()), [false, true, true]);
    assert.match(readFileSync(path.join(cwd, 'all.d.ts'), 'utf8'), /more\(x: number\): Promise<number>/);
  });

  test('builds again after a change with --watch', LIMIT, async () => {
    const cwd = newFolder();
    const child = spawn(process.execPath, [CLI, 'build', '--watch', 'shapes.c'], { cwd, env: environment() });
    let said = '';
    const next = (pattern) => new Promise((resolve) => {
      const look = () => { if (pattern.test(said)) { child.stderr.off('data', look); said = ''; resolve(undefined); } };
      child.stderr.setEncoding('utf8').on('data', look);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
    await next(/shapes is built/);
    writeFileSync(path.join(cwd, 'shapes.h'), 'typo\n');
    await next(/error: [^]*the compiler ended with 1/);
    cpSync(path.join(fixtures, 'shapes.h'), path.join(cwd, 'shapes.h'));
    await next(/shapes is built/);
    child.kill('SIGINT');
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 130);
  });

  test('says how to get a compiler where there is none', LIMIT, async () => {
    const { code, stderr } = await weft(['build', 'shapes.c'], { cwd: newFolder(), env: { PATH: '' } });
    assert.equal(code, 1);
    assert.match(stderr, /^weft: there is no C compiler for WebAssembly here\. Two ways[^]*wasi-libc[^]*@yowasp\/clang/);
    assert.match((await weft(['build', 'shapes.c'], { env: { WEFT_CC: 'nocc' } })).stderr, /WEFT_CC names nocc/);
  });

  test('ends with 2 after a mistake', LIMIT, async () => {
    for (const args of [[], ['x.txt'], ['a.c', '--frobnicate'], ['a.c', '-o'], ['a.c', '-c']]) {
      const { code, stderr } = await weft(['build', ...args]);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^weft: .+\nTry weft build --help\.\n$/);
    }
  });
});

describe('weft run with C files', { skip }, () => {
  test('compiles a program with POSIX threads and runs it', LIMIT, async () => {
    const { code, stdout } = await weft(['run', path.join(fixtures, 'posix_program.c'), '--', 'exit']);
    assert.deepEqual([code, stdout], [7, 'atexit\n']);
  });

  test('says which call there cannot be', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'forks.c'), '#include <unistd.h>\nint main(void) { return fork(); }\n');
    const { code, stderr } = await weft(['run', 'forks.c'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /'fork' is unavailable: WebAssembly has no processes/);
  });
});
