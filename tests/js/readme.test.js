// The code of README.md does what it says.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { createRuntime } from '../../js-glue/src/index.js';
import { LIMIT } from './support.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const KERNELS = path.join(ROOT, 'js-glue/wasm/weft_kernels.wasm');

/** The first block of code in a language, or the first that contains `mark`. */
function block(language, mark = '') {
  const blocks = README.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'));
  const text = [...blocks].map((match) => match[1]).find((each) => each.includes(mark));
  assert.ok(text, `README.md has no ${language} block`);
  return text;
}

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'weft-readme-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('the quick start runs as it stands', { ...LIMIT, skip: !existsSync(KERNELS) && 'the wasi target is not built' }, (t) => {
  const dir = folder(t);
  mkdirSync(path.join(dir, 'node_modules'));
  symlinkSync(path.join(ROOT, 'js-glue'), path.join(dir, 'node_modules/weft'));
  writeFileSync(path.join(dir, 'app.mjs'), block('js'));
  const output = execFileSync(process.execPath, ['app.mjs'], { cwd: dir, encoding: 'utf8', timeout: 120_000 });
  const [mean, least, most] = output.trim().split(/\s+/).map(Number);
  assert.ok(Math.abs(mean - 0.5) < 1e-3, output);
  assert.ok(least >= 0 && least < 1e-5 && most < 1 && most > 1 - 1e-5, output);
});

const required = process.env.WEFT_TARGETS?.split(',') ?? [];

test('the C example builds by the CMake lines, and JavaScript calls it', {
  timeout: 600_000,
  skip: !existsSync(KERNELS) && !required.includes('wasi') && 'the wasi target is not built',
}, async (t) => {
  const dir = folder(t);
  writeFileSync(path.join(dir, 'kernels.c'), block('c'));
  writeFileSync(path.join(dir, 'CMakeLists.txt'), [
    'cmake_minimum_required(VERSION 3.25)',
    'project(example LANGUAGES C)',
    block('cmake'),
  ].join('\n'));
  symlinkSync(ROOT, path.join(dir, 'weft'));
  const cmake = (...args) => execFileSync('cmake', args, { cwd: dir, encoding: 'utf8' });
  cmake('-G', 'Ninja', '-S', '.', '-B', 'build', '-DCMAKE_TOOLCHAIN_FILE=weft/wasm/wasi.cmake', '-DCMAKE_BUILD_TYPE=Release');
  cmake('--build', 'build', '--target', 'kernels');
  const rt = await createRuntime({ module: path.join(dir, 'build/kernels.wasm'), threads: 2 });
  t.after(() => rt.close());
  const xs = rt.array(Float64Array, 1000).map((_, i) => i);
  const squares = rt.share(xs);
  await rt.call('square_all', squares, squares.length);
  assert.deepEqual([...squares], [...xs].map((x) => x * x));
});

test('the C example builds by weft build, and its functions are imported', {
  timeout: 600_000,
  skip: !existsSync(path.join(ROOT, 'js-glue/sdk')) && !required.includes('wasi') && 'js-glue/sdk is not made',
}, (t) => {
  const dir = folder(t);
  mkdirSync(path.join(dir, 'node_modules'));
  symlinkSync(path.join(ROOT, 'js-glue'), path.join(dir, 'node_modules/weft'));
  writeFileSync(path.join(dir, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(dir, 'kernels.c'), block('c'));
  writeFileSync(path.join(dir, 'app.js'), `${block('js', './kernels.js')}\nconsole.log(xs.every((x) => x === 9));\nawait rt.close();\n`);
  const node = (...args) => execFileSync(process.execPath, args, { cwd: dir, encoding: 'utf8', timeout: 120_000, env: { ...process.env, WEFT_CACHE: path.join(dir, 'cache') } });
  assert.equal(node(path.join(ROOT, 'js-glue/bin/weft.js'), 'build', 'kernels.c'), '');
  assert.equal(node('app.js'), 'true\n');
});

test('the tasks run as they stand', { ...LIMIT, skip: !existsSync(KERNELS) && 'the wasi target is not built' }, async (t) => {
  const dir = folder(t);
  writeFileSync(path.join(dir, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(dir, 'tasks.js'), block('js', '// tasks.js'));
  writeFileSync(path.join(dir, 'use.js'),
    `export async function use(rt, pixels) {\n${block('js', 'rt.load')}\nreturn text;\n}\n`);
  const { use } = await import(path.join(dir, 'use.js'));
  const rt = await createRuntime({ module: KERNELS, threads: 2 });
  t.after(() => rt.close({ cancel: true }));
  const pixels = rt.array(Float64Array, 1000).fill(10);
  assert.equal(await use(rt, pixels), 'moon: 1000 pixels');
  assert.ok(pixels.every((each) => each === 8));
});
