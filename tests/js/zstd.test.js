// A library of others, unchanged, on its own threads: zstd, from the sources in the npm package
// zstd-napi.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { missing } from './support.js';

const run = promisify(execFile);
const file = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const CLI = file('../../js-glue/bin/weft.js');
const SDK = process.env.WEFT_SDK ?? file('../../js-glue/sdk');
const PROGRAM = file('fixtures/zstd_program.c');
const PORTS = process.env.WEFT_PORTS ?? file('../../build/ports/node_modules');
const library = path.join(PORTS, 'zstd-napi/deps/zstd/lib');

const has = (/** @type {string} */ program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const skip = missing('wasi') || (existsSync(SDK) ? false : `${SDK} is not there: npm run build`) ||
  (existsSync(library) ? false : `${library} is not installed`) || (has('zstd') ? false : 'zstd is not installed');
const MINUTES = { timeout: 170_000 };
const BYTES = 32 * 2 ** 20;

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-zstd-'));
after(() => rmSync(home, { recursive: true }));

describe('zstd with ZSTD_MULTITHREAD', { skip }, () => {
  const sources = ['common', 'compress'].flatMap((folder) => (skip ? [] : readdirSync(path.join(library, folder)))
    .filter((name) => name.endsWith('.c')).map((name) => path.join(library, folder, name)));
  const options = ['-O1', '-DZSTD_MULTITHREAD', `-I${library}`];

  test('compresses a part of the node executable to what it does natively', MINUTES, async (t) => {
    // Its middle: code and data, in a tenth of the time.
    const bytes = readFileSync(process.execPath);
    writeFileSync(path.join(home, 'in'), bytes.subarray(bytes.length >> 2, (bytes.length >> 2) + BYTES));
    const env = { ...process.env, WEFT_CACHE: path.join(home, 'cache') };
    await run(process.execPath, [CLI, 'build', '--program', PROGRAM, ...sources, ...options, '-o', 'zstd'], { cwd: home, env });
    const native = has('gcc') ? 'gcc' : has('cc') ? 'cc' : undefined;
    if (native) await run(native, ['-pthread', PROGRAM, ...sources, ...options, '-o', 'native'], { cwd: home });
    for (const threads of ['1', '2']) {
      const { stdout } = await run(process.execPath, [CLI, 'run', 'zstd.wasm', threads, 'in', 'out'], { cwd: home });
      t.diagnostic(`on ${threads}: ${stdout.trim()} s`);
      if (native) {
        await run(path.join(home, 'native'), [threads, 'in', 'expected'], { cwd: home });
        assert.ok(readFileSync(path.join(home, 'out')).equals(readFileSync(path.join(home, 'expected'))), `differs on ${threads} threads`);
      }
      await run('zstd', ['-d', '-f', '-q', 'out', '-o', 'back'], { cwd: home });
      assert.ok(readFileSync(path.join(home, 'back')).equals(readFileSync(path.join(home, 'in'))));
    }
  });
});
