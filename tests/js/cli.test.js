import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { progressBar } from '../../js-glue/cli/output.js';
import { LIMIT } from './support.js';

const CLI = fileURLToPath(new URL('../../js-glue/bin/weft.js', import.meta.url));
const stock = new URL('../../js-glue/wasm/weft.wasm', import.meta.url);
const needsStock = existsSync(stock) || process.env.WEFT_TARGETS ? false : 'weft.wasm is not built';

const folder = mkdtempSync(path.join(os.tmpdir(), 'weft-cli-'));
after(() => rmSync(folder, { recursive: true }));

/** Files in a folder of their own, in which the commands run. */
const FILES = {
  empty: '', abc: 'abc', 'with space': 'x'.repeat(5000), 'line\nbreak': '1', 'back\\slash': '2', 'grüß': '3',
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(path.join(folder, name), text);
const large = new Uint8Array(9_000_001);
for (let i = 0; i < large.length; i++) large[i] = i % 251;
writeFileSync(path.join(folder, 'large'), large);
mkdirSync(path.join(folder, 'folder'));

/** @returns {Promise<{ code: number | string | null, stdout: string, stderr: string }>} */
function run(args, { input, env = {}, command = process.execPath, prefix = [CLI] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...prefix, ...args], { cwd: folder, env: { ...process.env, ...env } });
    const out = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name].setEncoding('utf8').on('data', (text) => { out[name] += text; });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, ...out }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

let b3sum = true;
try {
  execFileSync('b3sum', ['--version'], { stdio: 'ignore' });
} catch {
  b3sum = false;
}
const needsB3sum = needsStock || (b3sum ? false : 'b3sum is not installed');
let script = true; // of util-linux: runs a program on a terminal
try {
  execFileSync('script', ['--version'], { stdio: 'ignore' });
} catch {
  script = false;
}
const needsScript = needsStock || (script ? false : 'script is not installed');
const runB3sum = (args, options = {}) => run(args, { ...options, command: 'b3sum', prefix: [] });

const ABC = '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85';

describe('weft', () => {
  it('prints help and version', LIMIT, async () => {
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /doctor[^]*hash[^]*bench/);
    assert.equal((await run(['help'])).stdout, help.stdout);
    assert.match((await run(['--version'])).stdout, /^weft \d+\.\d+\.\d+\n$/);
    for (const command of ['doctor', 'hash', 'bench']) {
      const { code, stdout, stderr } = await run([command, '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^Usage: weft ${command}`));
    }
  });

  it('ends with 2 and a hint after a mistake', LIMIT, async () => {
    const bare = await run([]);
    assert.deepEqual([bare.code, bare.stdout.startsWith('Usage:')], [2, true]);
    for (const args of [['docter'], ['--verison'], ['hash', '--lenght', '3'], ['doctor', 'x'], ['bench', '--runs', 'x'],
      ['bench', '--threads', '0'], ['hash', '--quiet'], ['hash', '-c', '--no-names'], ['constructor']]) {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, /^weft: .+\nTry weft .*--help\.\n$/);
    }
  });
});

describe('weft hash', { skip: needsStock }, () => {
  it('prints what b3sum prints', { ...LIMIT, skip: needsB3sum }, async () => {
    const names = [...Object.keys(FILES), 'large'];
    for (const args of [names, ['--no-names', ...names], ['abc', 'abc'], ['--', 'abc'], ['./abc']]) {
      assert.deepEqual(await run(['hash', ...args]), await runB3sum(args));
    }
  });

  it('reads standard input for "-" and for no file', LIMIT, async () => {
    for (const args of [[], ['-']]) {
      const { code, stdout } = await run(['hash', ...args], { input: 'abc' });
      assert.deepEqual([code, stdout], [0, `${ABC}  -\n`]);
    }
    const piped = await run(['hash', '--no-names'], { input: large });
    assert.equal(piped.stdout, (await run(['hash', '--no-names', 'large'])).stdout);
  });

  it('names what it cannot read, goes on, and ends with 1', LIMIT, async () => {
    const { code, stdout, stderr } = await run(['hash', 'none', 'abc', 'folder', 'abc']);
    assert.equal(code, 1);
    assert.equal(stdout, `${ABC}  abc\n`.repeat(2));
    assert.equal(stderr, 'weft hash: none: no such file or directory\nweft hash: folder: is a directory\n');
    if (process.getuid?.() !== 0) {
      writeFileSync(path.join(folder, 'secret'), '');
      chmodSync(path.join(folder, 'secret'), 0);
      assert.match((await run(['hash', 'secret'])).stderr, /permission denied/);
    }
  });

  it('checks as b3sum does', { ...LIMIT, skip: needsB3sum }, async () => {
    const { stdout: sums } = await run(['hash', ...Object.keys(FILES), 'large']);
    const cases = {
      good: sums,
      wrong: `${sums}${ABC.replace('6', '7')}  abc\n`,
      upper: `${ABC.toUpperCase()}  abc\n`,
      missing: `${ABC}  none\n${ABC}  abc\n`,
      garbage: `what is this\n${ABC}  abc\n`,
      short: `${ABC.slice(1)}  abc\n`,
      'no newline': `${ABC}  abc`,
      nothing: '',
    };
    for (const [name, text] of Object.entries(cases)) {
      writeFileSync(path.join(folder, 'sums'), text);
      for (const args of [['--check', 'sums'], ['--check', '--quiet', 'sums'], ['-c', 'sums', 'sums']]) {
        const [ours, theirs] = [await run(['hash', ...args]), await runB3sum(args)];
        // The words for a file that cannot be read are the system's own.
        const same = (text) => text.replace(/FAILED \(.*\)/g, 'FAILED (...)');
        assert.deepEqual([ours.code, same(ours.stdout)], [theirs.code, same(theirs.stdout)], `${name}: ${args}`);
      }
    }
    const fromInput = await run(['hash', '--check'], { input: `${ABC}  abc\n` });
    assert.deepEqual(fromInput, { code: 0, stdout: 'abc: OK\n', stderr: '' });
    assert.match((await run(['hash', '-c', 'none'])).stderr, /none: no such file/);
  });

  it('says which line of a check file is wrong', LIMIT, async () => {
    writeFileSync(path.join(folder, 'sums'), `${ABC}  abc\nnonsense\n`);
    const { code, stderr } = await run(['hash', '--check', 'sums']);
    assert.equal(code, 1);
    assert.match(stderr, /sums, line 2: .*\n.*1 of 2/);
  });

  it('draws a bar on a terminal for a file that takes a while, and wipes it away', { ...LIMIT, skip: needsScript }, async () => {
    execFileSync('mkfifo', [path.join(folder, 'slow')]);
    const child = spawn('script', ['-qec', `${process.execPath} ${CLI} hash slow`, '/dev/null'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { shown += text; });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const piece = Buffer.alloc(2 ** 21);
    const feed = createWriteStream(path.join(folder, 'slow'));
    const hash = [];
    while (!shown.includes('B/s')) {
      await new Promise((resolve) => feed.write(piece, resolve));
      hash.push(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    feed.end();
    assert.equal(await ended, 0);
    writeFileSync(path.join(folder, 'fast'), Buffer.concat(hash));
    const { stdout } = await run(['hash', '--no-names', 'fast']);
    assert.match(shown, /\r\x1b\[Kslow  \d+(\.\d)? MiB  .*B\/s/);
    assert.equal(shown.slice(shown.lastIndexOf('\x1b[K') + 3).trim(), `${stdout.trim()}  slow`);
  });

  it('shows how much of a file is done, as wide as the terminal', LIMIT, (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const drawn = [];
    const stream = /** @type {any} */ ({ isTTY: true, columns: 70, write: (text) => drawn.push(text) });
    const bar = progressBar('a/very/long/name/'.repeat(5), stream);
    const half = { done: 2 ** 29, total: 2 ** 30 };
    now = 299;
    bar.update(half);
    assert.deepEqual(drawn, [], 'not for what is quick');
    now = 1000;
    bar.update(half);
    bar.update(half);
    assert.equal(drawn.length, 1, 'not at every step');
    assert.match(drawn[0], /^\r\x1b\[K\.\.\..* {2}\[={15} {15}\] {2}50% {2}512 MiB\/s$/);
    assert.ok(drawn[0].length - 4 <= 70, drawn[0]);
    bar.clear();
    assert.equal(drawn.at(-1), '\r\x1b[K');
    const pipe = progressBar('x', /** @type {any} */ ({ isTTY: false, write: assert.fail }));
    now = 2000;
    pipe.update(half);
    pipe.clear();
  });

  it('ends quietly when nobody reads its output', LIMIT, async () => {
    const child = spawn(process.execPath, [CLI, 'hash', ...Array(300).fill('abc')], { cwd: folder });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { errors += text; });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.ok(code === 141 || code === 0, `exit code ${code}`);
    assert.equal(errors, '');
  });

  it('ends with 130 and no other word when interrupted', LIMIT, async () => {
    const child = spawn(process.execPath, [CLI, 'hash'], { cwd: folder }); // waits for its input
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
    // The buffer of a pipe is smaller: once this is taken, it is at work.
    await new Promise((resolve) => child.stdin.write(Buffer.alloc(4_000_000), resolve));
    child.kill('SIGINT');
    assert.equal(await ended, 130);
    assert.equal(said, '');
  });
});

describe('weft doctor', { skip: needsStock }, () => {
  const load = (text) => ({ env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(text)}` } });

  it('says that all is well, and how it knows', LIMIT, async () => {
    const { code, stdout, stderr } = await run(['doctor']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const what of ['Node', 'CPUs', 'shared memory', 'Atomics.waitAsync', 'SIMD', 'memory to be had', 'parallel call']) {
      assert.match(stdout, new RegExp(`^ok .*${what}`, 'm'));
    }
    assert.match(stdout, /cgroup quota/);
  });

  it('gives the same as JSON', LIMIT, async () => {
    const { code, stdout } = await run(['doctor', '--json'], { env: { WEFT_THREADS: '3' } });
    const { healthy, findings } = JSON.parse(stdout);
    assert.deepEqual([code, healthy], [0, true]);
    assert.match(findings.find(({ what }) => what === 'start').found, /^3 threads \(from WEFT_THREADS\)/);
    assert.ok(findings.every(({ state }) => state === 'ok'));
  });

  it('notes what makes weft slower without an error', LIMIT, async () => {
    const odd = await run(['doctor'], { env: { WEFT_THREADS: 'many' } });
    assert.equal(odd.code, 0);
    assert.match(odd.stdout, /^note WEFT_THREADS +"many"\n +-> it is ignored/m);
    const old = await run(['doctor'], load('delete Atomics.waitAsync'));
    assert.equal(old.code, 0);
    assert.match(old.stdout, /^note Atomics\.waitAsync +no\n +-> /m);
  });

  it('finds what is missing, and ends with 1', LIMIT, async () => {
    const hidden = await run(['doctor'], load('delete globalThis.SharedArrayBuffer'));
    assert.equal(hidden.code, 1);
    assert.match(hidden.stdout, /^bad +shared memory .*\n +-> /m);
    const blind = await run(['doctor'], load('WebAssembly.validate = () => false'));
    assert.equal(blind.code, 1);
    assert.match(blind.stdout, /^bad +WebAssembly SIMD +no\n +-> /m);
    const permission = Number(process.versions.node.split('.')[0]) < 22 ? '--experimental-permission' : '--permission';
    const alone = await run(['doctor'], { prefix: [permission, '--allow-fs-read=*', CLI] });
    assert.equal(alone.code, 1);
    assert.match(alone.stdout, /^bad +start +no workers: this host creates no workers .*--allow-worker\)\n +-> .*\nok +parallel call/m);
    const stuck = await run(['doctor', '--json'],
      load(`const { postMessage } = MessagePort.prototype;
        MessagePort.prototype.postMessage = function (message, ...rest) {
          if (message instanceof WebAssembly.Memory) throw new Error('no sharing');
          return postMessage.call(this, message, ...rest);
        };`));
    assert.equal(stuck.code, 1);
    assert.equal(JSON.parse(stuck.stdout).findings.find(({ found }) => found === 'no sharing').state, 'bad');
  });
});

describe('weft bench', { skip: needsStock }, () => {
  it('measures and prints a table, or JSON', { timeout: 600_000 }, async () => {
    const { code, stdout } = await run(['bench', '--runs', '1', '--json']);
    const { machine, results } = JSON.parse(stdout);
    assert.equal(code, 0);
    assert.equal(machine.node, process.version);
    assert.ok(results.length >= 4);
    for (const { name, oneMs, allMs, jsMs } of results) {
      assert.ok(oneMs > 0 && allMs > 0 && (jsMs === undefined || jsMs > 0), name);
    }
    const table = await run(['bench', '--runs', '1', '--threads', '3']);
    assert.equal(table.code, 0);
    assert.match(table.stdout, /JavaScript +weft, 1 thread +3 threads/);
  });
});
