// Libraries of others, unchanged, on threads of their own: what tests/ports builds for each target
// from the sources in npm packages.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { missing } from './support.js';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../js-glue/bin/weft.js', import.meta.url));
const BUILD = process.env.WEFT_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));
const MINUTES = { timeout: 400_000 };

const built = (target, file) => path.join(BUILD, target, 'tests/ports', file);
const TARGETS = {
  native: (name) => [built('native', name)],
  wasi: (name) => [process.execPath, CLI, 'run', built('wasi', `${name}.wasm`)],
  emscripten: (name) => [process.execPath, built('emscripten', `${name}.js`)],
};

/** RFC 9106, sections 5.1 to 5.3. */
const VECTORS = [
  'argon2d 512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb',
  'argon2i c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8',
  'argon2id 0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659',
];

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-ports-'));
after(() => rmSync(home, { recursive: true }));

/** Runs a port in a folder of its own. @returns {Promise<{ stdout: string, at: (file: string) => string }>} */
async function play(target, name, args, folder = mkdtempSync(path.join(home, `${target}-`))) {
  const [program, ...rest] = TARGETS[target](name);
  const { stdout } = await run(program, [...rest, ...args], { cwd: folder });
  return { stdout, at: (file) => path.join(folder, file) };
}

const has = (program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const native = (name) => existsSync(built('native', name));
/** Why a port is left out. */
const skips = (target, name) => missing(target) || !existsSync(TARGETS[target](name).at(-1)) && `${name} is not built for ${target}: its sources are not installed`;

/** What a port does natively, once for all targets. */
const expected = new Map();
function natively(name, args) {
  const key = [name, ...args].join(' ');
  if (!expected.has(key)) expected.set(key, play('native', name, args));
  return expected.get(key);
}

for (const target of ['wasi', 'emscripten']) {
  describe(`zstd with ZSTD_MULTITHREAD (${target})`, { skip: skips(target, 'zstd') }, () => {
    for (const threads of ['1', '2']) {
      test(`compresses the node executable on ${threads} to what it does natively`, MINUTES, async (t) => {
        const folder = mkdtempSync(path.join(home, 'zstd-'));
        const copy = path.join(folder, 'in');
        copyFileSync(process.execPath, copy); // no symbolic link: it would lead out of the folder
        const { stdout, at } = await play(target, 'zstd', [threads, 'in', 'out'], folder);
        t.diagnostic(`${stdout.trim()} s`);
        const found = readFileSync(at('out'));
        if (native('zstd')) {
          const wanted = await natively('zstd', [threads, process.execPath, 'out']);
          assert.ok(found.equals(readFileSync(wanted.at('out'))), 'another output than native');
        }
        if (!has('zstd')) return t.diagnostic('no zstd here to decompress it');
        await run('zstd', ['-d', '-f', '-q', 'out', '-o', 'back'], { cwd: folder });
        assert.ok(readFileSync(at('back')).equals(readFileSync(copy)), 'not what was compressed');
      });
    }
  });

  describe(`argon2 (${target})`, { skip: skips(target, 'argon2') }, () => {
    for (const threads of ['1', '4']) {
      test(`gives the vectors of RFC 9106 with 4 lanes on ${threads} threads`, MINUTES, async () => {
        const lines = (await play(target, 'argon2', [threads])).stdout.trim().split('\n');
        assert.deepEqual(lines.slice(0, 3).map((line) => line.toLowerCase()), VECTORS);
        if (native('argon2')) assert.deepEqual(lines, (await natively('argon2', [threads])).stdout.trim().split('\n'));
      });
    }
  });

  describe(`SQLite with sorter threads (${target})`, { skip: skips(target, 'sqlite') }, () => {
    test('builds an index on two more threads, and shares a connection, as natively', MINUTES, async () => {
      const args = ['data.db', '60000', '2'];
      const { stdout, at } = await play(target, 'sqlite', args);
      const lines = stdout.trim().split('\n');
      assert.deepEqual(lines.slice(0, 2), ['2', 'threads 1']); // what PRAGMA threads answers; they were started
      assert.equal(lines[2].split(' ')[0], '60000');
      assert.equal(lines.at(-2), 'ok');
      assert.equal(lines.at(-1), '2000 499000 2000');
      if (!native('sqlite')) return;
      const wanted = await natively('sqlite', args);
      assert.equal(stdout, wanted.stdout);
      assert.ok(readFileSync(at('data.db')).equals(readFileSync(wanted.at('data.db'))), 'another database than natively');
    });
  });
}
