// weft run: what a program sees of its host, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LIMIT, fixture, missing } from './support.js';

const CLI = fileURLToPath(new URL('../../js-glue/bin/weft.js', import.meta.url));
const FILES = fixture('wasi', 'files_program.wasm');
const POSIX = fixture('wasi', 'posix_program.wasm');

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-run-'));
after(() => rmSync(home, { recursive: true }));

let folders = 0;
/** A folder of its own for each test. */
function newFolder() {
  const folder = path.join(home, String(folders++));
  mkdirSync(folder);
  return folder;
}

/** @returns {import('node:child_process').ChildProcess} */
function start(args, { cwd = home, env = {} } = {}) {
  return spawn(process.execPath, [CLI, 'run', ...args], { cwd, env: { ...process.env, ...env } });
}

/** @returns {Promise<{ code: number | string, stdout: string, stderr: string }>} */
function finish(child, input = '') {
  return new Promise((resolve, reject) => {
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { out[name] += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, ...out }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const run = (args, options = {}) => finish(start(args, options), options.input);

/** A module with these imports, each a function without parameters, and an empty _start. */
function moduleThatImports(names) {
  const text = (name) => [name.length, ...Buffer.from(name)];
  const section = (id, bytes) => [id, bytes.length, ...bytes];
  const imports = names.flatMap(([from, name]) => [...text(from), ...text(name), 0, 0]);
  return Buffer.from([0, 97, 115, 109, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 0, 0]), ...section(2, [names.length, ...imports]), ...section(3, [1, 0]),
    ...section(7, [1, ...text('_start'), 0, names.length]), ...section(10, [1, 2, 0, 11])]);
}

describe('weft run', { skip: missing('wasi') }, () => {
  test('gives a program files as POSIX has them', LIMIT, async () => {
    const cwd = newFolder();
    assert.deepEqual(await run([FILES, 'files'], { cwd }), { code: 0, stdout: 'b 0\nc 0\nlink 1\n', stderr: '' });
  });

  test('shares open files between threads', LIMIT, async () => {
    const cwd = newFolder();
    assert.deepEqual(await run([FILES, 'threads'], { cwd }), { code: 0, stdout: '', stderr: '' });
    const lines = readFileSync(path.join(cwd, 'shared'), 'utf8').split('\n');
    for (const name of ['a', 'b', 'c', 'd']) {
      assert.deepEqual(lines.filter((line) => line.startsWith(name)), Array.from({ length: 1000 }, (_, i) => `${name} ${i}`));
      assert.equal(readFileSync(path.join(cwd, `own ${name}`), 'utf8'), name);
    }
    const bytes = readFileSync(path.join(cwd, 'bytes'), 'latin1');
    assert.equal([...bytes].sort().join(''), ['a', 'b', 'c', 'd'].map((name) => name.repeat(1000)).join(''));
  });

  test('lets no name out of the folder', LIMIT, async () => {
    const cwd = newFolder();
    mkdirSync(path.join(cwd, 'in/deep'), { recursive: true });
    writeFileSync(path.join(cwd, 'in/file'), 'x');
    writeFileSync(path.join(cwd, 'secret'), 'x');
    const inside = path.join(cwd, 'in');
    symlinkSync(path.join(cwd, 'secret'), path.join(inside, 'absolute'));
    symlinkSync('../secret', path.join(inside, 'relative'));
    symlinkSync('..', path.join(inside, 'up'));
    symlinkSync('deep/../up', path.join(inside, 'twice'));
    symlinkSync('loop', path.join(inside, 'loop'));
    symlinkSync('deep/../file', path.join(inside, 'fine'));
    const bad = ['../secret', path.join(cwd, 'secret'), 'absolute', 'relative', 'up', 'up/secret', 'twice/secret', 'loop', 'deep/../../secret', '..', 'none', 'file/'];
    const good = ['file', './deep/../file', 'fine', 'deep/.', '.'];
    const { code, stdout } = await run([FILES, 'escape', ...bad, ...good], { cwd: inside });
    assert.deepEqual([code, stdout], [0, [...bad.map((name) => `${name} 0 0\n`), ...good.map((name) => `${name} 1 1\n`)].join('')]);
  });

  test('gives other folders under other names', LIMIT, async () => {
    const cwd = newFolder();
    mkdirSync(path.join(cwd, 'real'));
    writeFileSync(path.join(cwd, 'real/file'), 'x');
    const { stdout } = await run(['--dir', 'real::/data', FILES, 'escape', '/data/file', 'real/file'], { cwd });
    assert.equal(stdout, '/data/file 1 1\nreal/file 0 0\n');
    const none = await run(['--dir', 'none', FILES, 'files'], { cwd });
    assert.deepEqual([none.code, none.stderr.split('\n')[0]], [2, 'weft: --dir none: no such file or directory']);
  });

  test('passes arguments and environment', LIMIT, async () => {
    assert.equal((await run([FILES, '--', 'arguments', '-a', '--', 'ü'])).stdout, '[-a][--][ü]');
    assert.equal((await run([FILES, 'environment', 'MINE'], { env: { MINE: 'ours' } })).stdout, 'ours\n');
    assert.equal((await run(['--env', 'MINE=a=b', FILES, 'environment', 'MINE'])).stdout, 'a=b\n');
    const { stdout } = await run([FILES, 'time']);
    assert.ok(Math.abs(Number(stdout) - Date.now() / 1000) < 30, stdout);
  });

  test('reads standard input from a thread, also what comes late', LIMIT, async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('');
    assert.equal((await run([FILES, 'echo'], { input: text })).stdout, text);
    const child = start([FILES, 'echo']);
    child.stdin.write('early\n');
    setTimeout(() => child.stdin.end('late'), 300);
    let stdout = '';
    child.stdout.on('data', (data) => { stdout += data; });
    await new Promise((resolve) => child.on('close', resolve));
    assert.equal(stdout, 'early\nlate');
  });

  test('ends as the program does, from whichever thread', LIMIT, async () => {
    assert.deepEqual(await run([POSIX, 'exit']), { code: 7, stdout: 'atexit\n', stderr: '' });
    assert.deepEqual(await run([POSIX, 'return']), { code: 5, stdout: 'atexit\n', stderr: '' });
    const trap = await run([POSIX, 'trap']);
    assert.equal(trap.code, 134);
    assert.match(trap.stderr, /^weft: .*posix_program\.wasm: thread \d+ failed\nRuntimeError: unreachable\n.*trap_here/);
  });

  test('ends with 130 after an interrupt', LIMIT, async () => {
    const child = start([FILES, 'sleep']);
    child.stdout.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await finish(child);
    assert.deepEqual([code, stderr], [130, '']);
  });

  test('ends with 141 when nobody reads its output', LIMIT, async () => {
    const child = start([FILES, 'flood']);
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 141);
  });

  test('names what a module imports that is not there', LIMIT, async () => {
    const file = path.join(newFolder(), 'odd.wasm');
    writeFileSync(file, moduleThatImports([['env', 'magic'], ['wasi_snapshot_preview1', 'fd_close'], ['wasi_snapshot_preview1', 'fd_dance']]));
    const { code, stderr } = await run([file]);
    assert.deepEqual([code, stderr], [1, `weft: ${file} imports what weft does not have: env.magic, wasi_snapshot_preview1.fd_dance\n`]);
    writeFileSync(file, moduleThatImports([['wasi_snapshot_preview1', 'sched_yield']]));
    assert.deepEqual(await run([file]), { code: 0, stdout: '', stderr: '' });
  });

  test('says what is wrong with the program', LIMIT, async () => {
    for (const [args, code, message] of [
      [[], 2, /needs a program/],
      [['none.wasm'], 1, /none\.wasm: no such file/],
      [[CLI], 2, /no \.c, \.o or \.a file/],
      [[fixture('wasi', 'functions.wasm')], 1, /has no main/],
      [['--memory', '5T', FILES], 2, /--memory must be/],
      [['--frobnicate', FILES], 2, /no option --frobnicate/],
    ]) {
      const result = await run(args);
      assert.equal(result.code, code, args.join(' '));
      assert.match(result.stderr, message);
    }
    const file = path.join(newFolder(), 'text.wasm');
    writeFileSync(file, 'hello');
    assert.match((await run([file])).stderr, /is not a WebAssembly module/);
  });
});
