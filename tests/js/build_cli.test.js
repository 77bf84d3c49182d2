// weft build, and weft run with C files: from a C file to a function in JavaScript.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { build } from 'esbuild';
import { createRuntime } from '../../js-glue/src/index.js';
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
  for (const name of ['shapes.c', 'shapes.h', 'layouts.c']) cpSync(path.join(fixtures, name), path.join(folder, name));
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

/** weft build --watch. next: until it says that, behind what it has said before. */
function watching(t, args, { cwd, env }) {
  const child = spawn(process.execPath, [CLI, 'build', '--watch', ...args], { cwd, env: environment(env), stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = new Promise((resolve) => { child.on('close', resolve); });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  let look = () => {};
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
    look();
  });
  return {
    next: (pattern) => new Promise((resolve) => {
      look = () => {
        const found = pattern.exec(said);
        if (!found) return;
        said = said.slice(found.index + found[0].length);
        look = () => {};
        resolve(undefined);
      };
      look();
    }),
    end: () => (child.kill('SIGINT'), closed),
  };
}

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
      shape.visible = true;
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

  test('gives every kind of member a view', LIMIT, async (t) => {
    const cwd = newFolder();
    const { code, stderr } = await weft(['build', 'layouts.c'], { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^weft build: length_of cannot be called [^]*\nweft build: many cannot be called .*\n$/);
    const layouts = await import(pathToFileURL(path.join(cwd, 'layouts.js')).href);
    assert.ok(!('length_of' in layouts) && !('many' in layouts));
    const rt = await layouts.default({ threads: 1, memoryBytes: 2 ** 25 });
    t.after(() => rt.close());
    const { node, tight } = layouts.structs;
    const [n, next] = await node.create(2);

    await layouts.fill(n, next);
    assert.deepEqual([n.letter, rt.string(n.name), n.corners[2].x, n.corners[2].y, n.grid[1][2]], [-7, 'moon', 1.5, -2.5, 9.25]);
    assert.deepEqual([n.colour, n.heat, [...n.at], n.either.whole, n.list[1].first], [6, -3, [1, 2, 3], 0x3f800000, 200]);
    assert.deepEqual([[...n.list[1].inner[1].pair], n.low, n.high, n.both], [[-5, 6], 1, 2, 0x20001]);
    assert.deepEqual([n.flag, [...n.text.subarray(0, 4)], n.changing, n.counter], [true, [65, 66, 67, 0], -1, 11]);
    assert.deepEqual([n.big, n.unsigned_big, n.count], [-(2n ** 40n), 2n ** 64n - 1n, 4_000_000_000]);
    assert.ok(n.next > 0 && n.function > 0 && !('bits' in n) && !('rest' in n));
    assert.throws(() => { n.at = [1, 2, 3]; }, TypeError);
    assert.match(inspect(n.corners[2]), /x: 1\.5, y: -2\.5/);

    const [same] = await node.at(await layouts.next_of(n));
    same.letter = 1;
    assert.equal(next.letter, 1);
    await assert.rejects(node.at(0), RangeError);
    await assert.rejects(node.at(2 ** 25), RangeError);

    Object.assign(n, { letter: 65, colour: layouts.enums.colour.GREEN, heat: layouts.enums.heat.WARM, low: 3, flag: false, changing: 3 });
    Object.assign(n, { counter: 4, big: -5n, unsigned_big: 6n, count: 8 });
    n.corners[3].y = 0.5;
    n.grid[0][1] = -4;
    n.at[2] = 7;
    n.either.whole = 77;
    n.list[2].inner[0].pair[1] = -9;
    n.text.set(new TextEncoder().encode('hello\0'));
    assert.equal(await layouts.check(n, next), 0);

    const [packed] = await tight.create();
    packed.first = 3;
    packed.second = 1.25;
    assert.equal(await layouts.tighten(packed), 5.5);
    assert.ok(tight.bytes === 17 && !('values' in packed), 'a typed array cannot lie there');
    assert.deepEqual([await layouts.large(), await layouts.largest(), await layouts.least()], [4_000_000_000, 2n ** 64n - 1n, -(2n ** 63n)]);
    assert.deepEqual([await layouts.is_warm(-2), await layouts.is_warm(-3), await layouts.mix(0, 5)], [true, false, 6]);
  });

  test('builds where nothing can be cached', LIMIT, async () => {
    const cwd = newFolder();
    const temporary = path.join(cwd, 'tmp');
    mkdirSync(temporary);
    // A folder inside of a file: as impossible as one in a home that is read-only.
    assert.deepEqual(await weft(['build', 'shapes.c'], { cwd, env: { WEFT_CACHE: path.join(cwd, 'shapes.c', 'cache'), TMPDIR: temporary } }), SILENT);
    assert.ok(existsSync(path.join(cwd, 'shapes.wasm')));
    assert.deepEqual(readdirSync(temporary), []);
  });

  test('gives them types that TypeScript holds', { ...LIMIT, skip: existsSync(path.join(glue, 'types')) ? false : 'js-glue/types is not made' }, async () => {
    const cwd = newFolder();
    assert.deepEqual(await weft(['build', 'shapes.c'], { cwd }), SILENT);
    assert.equal((await weft(['build', 'layouts.c'], { cwd })).code, 0);
    writeFileSync(path.join(cwd, 'objects.c'), `#include <weft.h>
      WEFT_EXPORT int use(weft_channel *lines, weft_mutex *lock, weft_semaphore *permits, weft_event *event)
      { return lines && lock && permits && weft_event_set(event) == WEFT_OK; }`);
    assert.deepEqual(await weft(['build', 'objects.c'], { cwd }), SILENT);
    const types = readFileSync(path.join(cwd, 'shapes.d.ts'), 'utf8');
    assert.match(types, /Turns each byte over\.\n[^]*export function negate\(in\$: Uint8Array[^,]*, out: Uint8Array[^,]*, count: number\): Promise<void>;/);
    writeFileSync(path.join(cwd, 'use.ts'), `import open, { negate, centre, structs, delete as remove, identify } from './shapes.js';
      import * as layouts from './layouts.js';
      import openObjects, { use } from './objects.js';
      const other = await openObjects();
      const used: number = await use(other.channel(1), other.mutex(), other.semaphore(1), other.event());
      // @ts-expect-error: a mutex is no channel
      await use(other.mutex(), other.mutex(), other.semaphore(1), other.event());
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
      // @ts-expect-error: nor is a struct another one
      await identify(await structs.point.create());
      const n = (await layouts.structs.node.create())[0];
      const found: boolean = n.flag && await layouts.is_warm(layouts.enums.heat.COLD);
      const pair: Int16Array = n.list[0].inner[1].pair;
      const address: number = await layouts.next_of(n);
      n.next = address;
      // @ts-expect-error: an array in a struct has its place there
      n.at = new Float64Array(3);
      await layouts.trace(rt.array(Float64Array, 9), rt.array(Float64Array, 9), rt.array(Uint32Array, 1), rt.array(Uint8Array, 1), null);
      export { nothing, id, sum, found, pair, used };\n`);
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const { stdout, code } = await new Promise((resolve) => {
      execFile(process.execPath, [tsc, '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedSideEffectImports', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable', 'use.ts'],
        { cwd }, (error, stdout) => resolve({ stdout, code: error?.code ?? 0 }));
    });
    assert.deepEqual([code, stdout], [0, '']);
  });

  test('makes a module for a package of CommonJS', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'package.json'), '{ "type": "commonjs" }');
    const { code, stderr } = await weft(['build', 'shapes.c'], { cwd });
    assert.equal(code, 0);
    assert.match(stderr, /^weft build: shapes\.js is an ES module, .*package\.json.* -o shapes\.mjs\n$/);
    for (const name of ['shapes.js', 'shapes.d.ts']) rmSync(path.join(cwd, name));
    assert.deepEqual(await weft(['build', 'shapes.c', '-o', 'shapes.mjs'], { cwd }), SILENT);
    assert.deepEqual(readdirSync(cwd).filter((name) => /^shapes\.(?!c|h)/.test(name)).sort(), ['shapes.d.mts', 'shapes.mjs', 'shapes.wasm']);
    writeFileSync(path.join(cwd, 'use.cjs'), `import('./shapes.mjs').then(async ({ default: open, identify, structs }) => {
      const rt = await open({ threads: 1, memoryBytes: 2 ** 25 });
      const [shape] = await structs.shape.create();
      shape.id = 5n;
      console.log(await identify(shape));
      await rt.close();
    });`);
    const stdout = execFileSync(process.execPath, ['use.cjs'], { cwd, encoding: 'utf8' });
    assert.equal(stdout, '5n\n');
  });

  test('makes a loader of which a bundler keeps what is used', LIMIT, async () => {
    const cwd = newFolder();
    assert.equal((await weft(['build', 'layouts.c'], { cwd })).code, 0);
    const bundle = async (text) => {
      const { outputFiles: [{ text: bundled }] } = await build({
        stdin: { contents: text, resolveDir: cwd }, bundle: true, format: 'esm', write: false, external: ['weft'], logLevel: 'silent',
      });
      return ['large', 'is_warm', '#owner', 'GREEN', './layouts.wasm'].filter((name) => bundled.includes(name));
    };
    assert.deepEqual(await bundle('import { large } from "./layouts.js"; large();'), ['large', './layouts.wasm']);
    assert.deepEqual(await bundle('import { enums } from "./layouts.js"; console.log(enums);'), ['GREEN']);
    assert.deepEqual(await bundle('import { structs } from "./layouts.js"; structs.pt.create();'), ['#owner', './layouts.wasm']);
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
    assert.match(unlinked.stderr, /bad\.c\.o: undefined symbol: g/);
    writeFileSync(path.join(cwd, 'bad.c'), '#include <weft.h>\nint fork(void);\nint raise(int);\nWEFT_EXPORT int f(void) { return fork() + raise(2); }\n');
    const unsupported = await weft(['build', 'bad.c'], { cwd });
    assert.match(unsupported.stderr, /undefined symbol: fork\n[^]*\nweft: fork: WebAssembly has no processes: .*\nweft: raise: WebAssembly has no signals: .*\n$/);
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
    for (const name of ['all.js', 'all.d.ts', 'all.wasm']) {
      const text = readFileSync(path.join(cwd, name));
      writeFileSync(path.join(cwd, name), 'something else');
      assert.equal(await build(), '');
      assert.ok(readFileSync(path.join(cwd, name)).equals(text), name);
    }
    assert.match((await weft(['build', 'shapes.c', 'more.c', '-o', 'all'], { cwd, env: { PATH: '' } })).stderr, /no C compiler/);
    writeFileSync(path.join(cwd, 'shapes.h'), `${readFileSync(path.join(cwd, 'shapes.h'), 'utf8')}typedef point place;\n`);
    assert.deepEqual(compiled(await build()).slice(0, 2), [true, false]);
    writeFileSync(path.join(cwd, 'more.c'), '#include <weft.h>\nWEFT_EXPORT int more(long x) { return 2 + (int)x; }\n');
    assert.deepEqual(compiled(await build()), [false, true, true]);
    assert.match(readFileSync(path.join(cwd, 'all.d.ts'), 'utf8'), /more\(x: number\): Promise<number>/);
  });

  test('builds again after a change with --watch', LIMIT, async (t) => {
    const cwd = newFolder();
    const header = path.join(cwd, 'include/shapes.h');
    mkdirSync(path.dirname(header));
    renameSync(path.join(cwd, 'shapes.h'), header);
    const { next, end } = watching(t, ['shapes.c', '-Iinclude'], { cwd });
    await next(/shapes is built/);
    writeFileSync(header, 'typo\n');
    await next(/error: [^]*the compiler ended with 1/);
    cpSync(path.join(fixtures, 'shapes.h'), header);
    await next(/shapes is built/);
    assert.equal(await end(), 130);
  });

  test('loses no change of a header while it builds, nor of one that does not compile', LIMIT, async (t) => {
    const cwd = newFolder();
    const compiler = path.join(cwd, 'compiler');
    const [clang] = (await weft(['build', 'shapes.c', '--verbose', '--no-cache'], { cwd })).stderr.split(' ');
    const header = path.join(cwd, 'other/h.h');
    mkdirSync(path.dirname(header));
    writeFileSync(header, 'typo\n');
    writeFileSync(path.join(cwd, 'f.c'), '#include <weft.h>\n#include "other/h.h"\nWEFT_EXPORT int f(void) { return H; }\n');
    // Changes the header once it has been read, when told to.
    writeFileSync(compiler, `#!/bin/sh\n${JSON.stringify(clang)} "$@"\ncode=$?\n[ ! -e late ] || mv late other/h.h\nexit $code\n`, { mode: 0o755 });
    const { next, end } = watching(t, ['f.c'], { cwd, env: { WEFT_CC: compiler } });
    await next(/other\/h\.h:1:1: error: [^]*the compiler ended with 1/);
    writeFileSync(path.join(cwd, 'late'), '#define H 2\n');
    writeFileSync(header, '#define H 1\n');
    await next(/f is built/);
    await next(/f is built/);
    const rt = await createRuntime({ module: path.join(cwd, 'f.wasm'), threads: 1, memoryBytes: 2 ** 25 });
    t.after(() => rt.close());
    assert.equal(await rt.call('f'), 2);
    assert.equal(await end(), 130);
  });

  test('says how to get a compiler where there is none', LIMIT, async () => {
    const { code, stderr } = await weft(['build', 'shapes.c'], { cwd: newFolder(), env: { PATH: '' } });
    assert.equal(code, 1);
    assert.match(stderr, /^weft: there is no C compiler for WebAssembly here\. Two ways[^]*wasi-libc[^]*@yowasp\/clang/);
    assert.match((await weft(['build', 'shapes.c'], { env: { WEFT_CC: 'nocc' } })).stderr, /WEFT_CC names nocc/);
  });

  test('says what to install where clang lacks a part', LIMIT, async () => {
    const cwd = newFolder();
    const [clang] = (await weft(['build', 'shapes.c', '--verbose', '--no-cache'], { cwd })).stderr.split(' ');
    const linksLike = async (name, script) => {
      const compiler = path.join(cwd, name);
      writeFileSync(compiler, `#!/bin/sh\ncase " $* " in *" -c "*|*" -fsyntax-only "*) exec ${JSON.stringify(clang)} "$@";; esac\n${script}\n`, { mode: 0o755 });
      const { code, stderr } = await weft(['build', 'shapes.c'], { cwd, env: { WEFT_CC: compiler } });
      assert.equal(code, 1);
      return stderr;
    };
    assert.match(await linksLike('no-library', 'echo "wasm-ld-14: error: cannot open /usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/libclang_rt.builtins-wasm32.a: No such file or directory" >&2; exit 1'),
      /cannot open [^]*\nweft: .*library.* apt-get install libclang-rt-14-dev-wasm32,/);
    assert.match(await linksLike('no-linker', `exec ${JSON.stringify(clang)} -fuse-ld=/none/wasm-ld-77 "$@"`), /\nweft: .*linker.* apt-get install lld-77,/);
  });

  test('tells a program from a module', LIMIT, async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'prog.c'), 'int main(void) { return 0; }\n');
    const module = await weft(['build', 'prog.c'], { cwd });
    assert.equal(module.code, 1);
    assert.match(module.stderr, /prog\.c has a main\(\).*--program/);
    const program = await weft(['build', '--program', 'shapes.c'], { cwd });
    assert.equal(program.code, 1);
    assert.match(program.stderr, /weft: main: .*without --program it is a module/);
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
