// What POSIX threads cost on each target:
//
//     cmake --build --preset wasi --target posix_bench    (and native, emscripten)
//     node tests/bench/posix/posix.js [rounds] [build folder]
//
// Runs the builds that exist one after the other, in turn, so that what else the machine does
// meets all of them, and prints the median of the rounds with the least and the greatest.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 5);
const build = new URL(`${process.argv[3] ?? fileURLToPath(new URL('../../../build', import.meta.url))}/`, 'file:');
const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, build));
const runner = fileURLToPath(new URL('../../js/wasi-run.js', import.meta.url));
const { execPath: node } = process;

const TARGETS = [
  { name: 'native', file: path('native/tests/bench/posix/posix_bench'), command: [] },
  { name: 'wasi', file: path('wasi/tests/bench/posix/posix_bench.wasm'), command: [node, runner] },
  { name: 'emscripten', file: path('emscripten/tests/bench/posix/posix_bench.js'), command: [node] },
].filter(({ file }) => existsSync(file));

/** One run's lines, `name value unit`. */
function run({ file, command }) {
  const [program, ...args] = [...command, file];
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8', timeout: 120_000, env: { ...process.env, WEFT_TEST_THREADS: '4' },
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr.slice(0, 500)}`);
  return stdout.trim().split('\n').map((line) => line.split(' '));
}

/** @type {Map<string, Map<string, { unit: string, values: number[] }>>} measurement, target */
const results = new Map();
for (let round = 0; round < rounds; round++) {
  for (const target of TARGETS) {
    for (const [name, value, unit] of run(target)) {
      const row = results.get(name) ?? new Map();
      results.set(name, row);
      const cell = row.get(target.name) ?? { unit, values: [] };
      row.set(target.name, cell);
      cell.values.push(Number(value));
    }
  }
}

const show = (/** @type {{ unit: string, values: number[] } | undefined} */ cell) => {
  if (!cell) return '';
  const sorted = cell.values.sort((a, b) => a - b);
  return `${sorted[sorted.length >> 1]} [${sorted[0]}-${sorted[sorted.length - 1]}] ${cell.unit}`;
};
console.log(`median [least-greatest] of ${rounds} interleaved rounds, Node ${process.version}`);
console.log(['', ...TARGETS.map(({ name }) => name)].map((text) => text.padEnd(30)).join(''));
for (const [name, row] of results) {
  console.log([name, ...TARGETS.map((target) => show(row.get(target.name)))]
    .map((text) => text.padEnd(30)).join(''));
}
