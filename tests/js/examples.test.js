// The examples that users copy, built and run as their package.json says, in a folder of their own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing } from './support.js';

const LIMIT = { timeout: 400_000 };
const root = fileURLToPath(new URL('../../', import.meta.url));
const glue = path.join(root, 'js-glue');
const SDK = process.env.WEFT_SDK ?? path.join(glue, 'sdk');
const ARGON2 = path.join(process.env.WEFT_PORTS ?? path.join(root, 'build/ports/node_modules'), 'argon2');
const needed = [SDK, path.join(glue, 'dist')];
const skip = missing('wasi') || (process.env.WEFT_TARGETS || needed.every((each) => existsSync(each)) ? false : 'the package is not made: npm run build');

const home = mkdtempSync(path.join(os.tmpdir(), 'weft-examples-test-'));
after(() => rmSync(home, { recursive: true }));

function run(program, args, cwd) {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...process.env, WEFT_CACHE: path.join(home, 'cache'), WEFT_THREADS: '2' } },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

/** What a script of its package.json runs; `weft` and `node` alone. */
function runScript(cwd, name, ...more) {
  const { scripts } = JSON.parse(readFileSync(path.join(cwd, 'package.json'), 'utf8'));
  const [program, ...args] = scripts[name].split(' ');
  assert.match(program, /^(weft|node)$/);
  return run(process.execPath, [...(program === 'weft' ? [path.join(glue, 'bin/weft.js')] : []), ...args, ...more], cwd);
}

let copies = 0;

/** A copy with weft installed. */
async function install(name, script = 'build', ...packages) {
  const cwd = path.join(home, `${name}-${copies++}`);
  cpSync(path.join(root, 'tests/examples', name), cwd, { recursive: true });
  mkdirSync(path.join(cwd, 'node_modules'));
  symlinkSync(glue, path.join(cwd, 'node_modules/weft'));
  for (const folder of packages) symlinkSync(folder, path.join(cwd, 'node_modules', path.basename(folder)));
  assert.deepEqual(await runScript(cwd, script, '-Wall', '-Wextra', '-Werror'), { code: 0, stdout: '', stderr: '' });
  return cwd;
}

describe('examples', { skip }, () => {
  test('each is described', () => {
    const folder = path.join(root, 'tests/examples');
    const names = readdirSync(folder).filter((name) => !name.includes('.'));
    const text = readFileSync(path.join(folder, 'README.md'), 'utf8');
    assert.deepEqual(names.filter((name) => !text.includes(`[${name}](${name})`)), []);
    assert.deepEqual(names.filter((name) => !existsSync(path.join(folder, name, 'README.md'))), []);
  });

  test('node-server answers other requests while it computes', LIMIT, async () => {
    const cwd = await install('node-server');
    const { code, stdout, stderr } = await runScript(cwd, 'latency', '600');
    assert.deepEqual([code, stderr], [0, '']);
    const answered = [...stdout.matchAll(/^(.{34}) +(\d+) /gm)].map(([, label, count]) => [label.trim(), Number(count)]);
    assert.deepEqual(answered.map(([label]) => label), ['nothing else happens', '/blur runs on weft\'s workers', 'the server\'s thread waits for it']);
    assert.ok(answered[1][1] >= 3, stdout); // more than the one before the work begins, and the one that ends with it
    assert.ok(answered[1][1] > answered[2][1], stdout);
  });

  test('node-server refuses what is no image', LIMIT, async () => {
    const cwd = await install('node-server');
    writeFileSync(path.join(cwd, 'bad.js'), `
      import { close, server } from './server.js';
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = 'http://127.0.0.1:' + server.address().port;
      const post = (path, length) => fetch(url + path, { method: 'POST', body: new Uint8Array(length) });
      const answers = [await post('/blur?width=2&height=2&sigma=1', 16), await post('/blur?width=2&height=2&sigma=1', 15),
        await post('/blur?width=2&height=2&sigma=1', 17), await post('/blur?width=0&height=2&sigma=1', 0), await post('/blur', 1),
        await post('/blur?width=1.5&height=2&sigma=1', 12), await post('/blur?width=60000&height=60000&sigma=1', 1), await fetch(url + '/blur'), await fetch(url + '/ping')];
      console.log(answers.map(({ status }) => status).join(' '));
      server.close();
      server.closeAllConnections();
      await close();`);
    assert.deepEqual(await run(process.execPath, ['bad.js'], cwd), { code: 0, stdout: '200 400 400 400 400 400 400 404 200\n', stderr: '' });
  });

  test('mixed-tasks computes in C what JavaScript has parsed', LIMIT, async () => {
    const cwd = await install('mixed-tasks');
    const values = Array.from({ length: 10_001 }, (_, i) => (i * 7919) % 10_001); // each of 0 to 10000 once
    for (const [name, end] of [['log', '\n'], ['cut', '']]) writeFileSync(path.join(cwd, name), values.map((ms) => `{"ms":${ms},"é":1}`).join('\n') + end);
    const expected = { code: 0, stdout: '10001 requests, mean 5000.000 ms, median 5000 ms, 90 % 9000 ms, 99 % 9900 ms\n', stderr: '' };
    assert.deepEqual(await runScript(cwd, 'start', 'log'), expected);
    assert.deepEqual(await runScript(cwd, 'start', 'cut'), expected);
    const invented = await runScript(cwd, 'start');
    assert.match(invented.stdout, /^200000 requests, mean (99|100|101)\.\d+ ms/); // exponential: as its parameter says
    writeFileSync(path.join(cwd, 'log'), '{"ms":1}\nno JSON\n');
    const broken = await runScript(cwd, 'start', 'log');
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /not valid JSON|Unexpected token/);
  });

  test('pthread-program counts words, on files and in memory', LIMIT, async () => {
    const cwd = await install('pthread-program');
    writeFileSync(path.join(cwd, 'one'), ' a bc\n\td  ');
    writeFileSync(path.join(cwd, 'two'), 'word '.repeat(100_000));
    const files = ['one', 'two', ...Array(10).fill('one')];
    const stdout = `${files.map((name) => `${name === 'one' ? 3 : 100_000} ${name}\n`).join('')}100033 total\n`;
    assert.deepEqual(await runScript(cwd, 'start', ...files), { code: 0, stdout, stderr: '' });
    const lacks = await runScript(cwd, 'start', 'none');
    assert.deepEqual([lacks.code, lacks.stdout], [1, '0 total\n']);
    assert.match(lacks.stderr, /^none: No such file/);
    assert.deepEqual(await runScript(cwd, 'memory'), { code: 0, stdout: '3 song\n4 poem\n7 total\n 0\n', stderr: '' });
  });

  test('library-port hashes as Argon2 does', { ...LIMIT, skip: existsSync(ARGON2) ? false : `${ARGON2} is not installed` }, async () => {
    const cwd = await install('library-port', 'build', ARGON2);
    // By the argon2 command: echo -n password | argon2 'a salt of 16 byt' -id -t 3 -k 65536 -p 4 -l 32 -r
    const { code, stdout, stderr } = await runScript(cwd, 'start', 'password', '4');
    assert.deepEqual([code, stdout, stderr], [0, 'e6d0f12bdcad906d7cabbd51e6a90e0e94cef70e9fb50ce04fda5d4957893bb5\n', '']);
    const other = await runScript(cwd, 'start', 'password', '0');
    assert.deepEqual([other.code, other.stderr], [1, 'Too few lanes\n']);
  });

  test('vite-page draws the same picture in Node', LIMIT, async () => {
    const cwd = await install('vite-page', 'build:c');
    writeFileSync(path.join(cwd, 'check.js'), `
      import open, { julia, structs } from './julia.js';
      const rt = await open();
      const pixels = rt.array(Uint32Array, 64 * 48);
      const [view] = await structs.view.create();
      Object.assign(view, { re: 0, im: 0, scale: 3 / 64, width: 64, height: 48, steps: 50 });
      await julia(view, pixels);
      const disc = pixels.filter((value) => value === 0xff000000).length;
      console.log(Math.round(disc * (3 / 64) ** 2 * 100) / 100);
      await rt.close();`);
    const { stdout, stderr } = await run(process.execPath, ['check.js'], cwd);
    assert.ok(Math.abs(Number(stdout) - Math.PI) < 0.05, stdout + stderr); // the unit disc
  });
});
