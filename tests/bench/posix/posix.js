// What POSIX threads cost on each target. start.js sets up and builds before it calls this.
//
// Runs the targets one after the other, in turn, so that what else the machine does meets all of
// them, and prints the median of the rounds with the least and the greatest. Beside the small
// things: zstd (tests/ports) on the node executable; the whole process of a pthread hello, and the
// bytes of JavaScript that are loaded for it.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { runWithOptions } from '../command_line.js';
import * as commandLine from './options.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DIST = path.join(ROOT, 'js-glue/dist');
const { execPath: node } = process;
const home = mkdtempSync(path.join(os.tmpdir(), 'weft-bench-'));
process.on('exit', () => rmSync(home, { recursive: true }));

const at = (target, file) => path.join(ROOT, 'build', target, 'tests', file);
const TARGETS = {
  native: (file) => [at('native', file)],
  wasi: (file) => [node, path.join(DIST, 'weft.cjs'), 'run', '--dir', '/', at('wasi', `${file}.wasm`)],
  emscripten: (file) => [node, at('emscripten', `${file}.js`)],
};
const HELLO = 'bench/posix/posix_hello';
const ZSTD = 'ports/zstd';

/** What a program prints. @param {string[]} command */
function run([program, ...args]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 120_000, cwd: home, env: { ...process.env, WEFT_TEST_THREADS: '4' } });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr.slice(0, 500)}`);
  return stdout;
}

/** @type {Map<string, Map<string, { unit: string, values: number[] }>>} measurement, target */
const results = new Map();

/** @param {string} name  @param {string} target  @param {number} value  @param {string} unit */
function note(name, target, value, unit) {
  if (!results.has(name)) results.set(name, new Map());
  const row = results.get(name);
  if (!row.has(target)) row.set(target, { unit, values: [] });
  row.get(target).values.push(value);
}

/** As users build and run it: Emscripten's with main on the main thread and a pool for the one other. */
writeFileSync(path.join(home, 'package.json'), '{ "type": "commonjs" }');
execFileSync('emcc', ['-O2', '-pthread', '-sPTHREAD_POOL_SIZE=1', '-sEXIT_RUNTIME', '--pre-js', path.join(ROOT, 'wasm/emscripten-node.js'),
  path.join(ROOT, 'tests/bench/posix/hello.c'), '-o', path.join(home, 'hello.js')], { env: { ...process.env, NODE_PATH: '/usr/share/nodejs' } });
const HELLOS = {
  native: TARGETS.native(HELLO),
  wasi: [node, path.join(DIST, 'weft.cjs'), 'run', at('wasi', `${HELLO}.wasm`)],
  emscripten: [node, path.join(home, 'hello.js')],
};

/** @param {string[]} files */
const brotli = (files) => files.reduce((sum, file) => sum + brotliCompressSync(readFileSync(file)).length, 0);

/** @param {{ unit: string, values: number[] } | undefined} cell */
function show(cell) {
  if (!cell) return '';
  const sorted = cell.values.sort((a, b) => a - b);
  const text = (/** @type {number} */ value) => String(Number(value.toPrecision(4)));
  const range = sorted.length > 1 ? ` [${text(sorted[0])}-${text(sorted[sorted.length - 1])}]` : '';
  return `${text(sorted[sorted.length >> 1])}${range} ${cell.unit}`;
}

runWithOptions(commandLine, ({ rounds }) => {
  for (let round = 0; round < rounds; round++) {
    for (const [target, command] of Object.entries(TARGETS)) {
      for (const line of run(command('bench/posix/posix_bench')).trim().split('\n')) {
        const [name, value, unit] = line.split(' ');
        note(name, target, Number(value), unit);
      }
    }
    for (const threads of ['1', '2']) {
      for (const [target, command] of Object.entries(TARGETS)) {
        note(`zstd -3, ${threads} worker${threads === '1' ? '' : 's'}`, target, Number(run([...command(ZSTD), threads, node, path.join(home, 'out')])), 's');
      }
    }
    for (let i = 0; i < 5; i++) {
      for (const [target, command] of Object.entries(HELLOS)) {
        const start = performance.now();
        run(command);
        note('pthread hello, whole process', target, performance.now() - start, 'ms');
      }
    }
  }
  note('JavaScript of the hello', 'wasi', brotli(['weft.cjs', 'run-worker.cjs'].map((file) => path.join(DIST, file))), 'bytes, brotli');
  note('JavaScript of the hello', 'emscripten', brotli(['hello.js', 'hello.worker.js'].map((file) => path.join(home, file))), 'bytes, brotli');
  console.log(`median [least-greatest], ${rounds} interleaved rounds, Node ${process.version}, ${os.cpus()[0].model} x ${os.availableParallelism()}`);
  console.log(`${execFileSync('emcc', ['--version'], { encoding: 'utf8' }).split('\n')[0]}\n`);
  const line = (/** @type {string[]} */ [name, ...cells]) => console.log((name.padEnd(30) + cells.map((text) => text.padEnd(30)).join('')).trimEnd());
  line(['', ...Object.keys(TARGETS)]);
  for (const [name, row] of results) line([name, ...Object.keys(TARGETS).map((target) => show(row.get(target)))]);
});
