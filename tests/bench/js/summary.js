// The aims, and which of them are met.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { sizes } from '../../../js-glue/bundle.js';
import { median } from '../stats.js';
import { ratios, tell } from '../scheduler/cells.js';

/** What a program loads that calls C functions: import, createRuntime, and a worker. */
const GLUE = ['index.js', 'core.cjs', 'worker.cjs'];

const atMost = (value) => ({ aim: `<= ${value}`, holds: (x) => x <= value });
const atLeast = (value) => ({ aim: `>= ${value}`, holds: (x) => x >= value });

/** Finds the figures of a run; NaN for those that were not measured. */
function reader(results) {
  const find = (sectionId, peerId, columnId) => {
    const section = results.find(({ id }) => id === sectionId);
    return {
      section,
      row: section?.rows.find(({ id, error }) => id === peerId && !error),
      column: section?.columns.find(({ id }) => id === columnId),
    };
  };
  return {
    value(...place) {
      const { section, row, column } = find(...place);
      return row && column ? tell(section, row, column)?.median ?? NaN : NaN;
    },
    /** The first peer's figure over the second's, by round. */
    ratio(sectionId, above, below, columnId) {
      const { row: base, column } = find(sectionId, above, columnId);
      const { row } = find(sectionId, below, columnId);
      return base && row ? median(ratios(base, row, column)) : NaN;
    },
  };
}

/** The slowest rejection of a failure, in ms. */
function slowest(results) {
  const section = results.find(({ id }) => id === 'failure');
  const column = section?.columns.find(({ id }) => id === 'most');
  return Math.max(...(section?.rows ?? []).map((row) => (row.error ? Infinity : tell(section, row, column).median)));
}

/** Kilobytes that brotli leaves of the JavaScript, and of a module without kernels. */
function kilobytes(buildDir) {
  const glue = sizes().filter(({ name }) => GLUE.includes(name)).reduce((sum, { brotli }) => sum + brotli, 0);
  const module = readFileSync(path.join(buildDir, 'wasi/tests/bench/js/bench_js.wasm'));
  return { glue: glue / 1000, module: brotliCompressSync(module).length / 1000 };
}

/** @param {object[]} results  what measureSection returned  @param {{ buildDir: string }} options */
export function summarise(results, { buildDir }) {
  const { value, ratio } = reader(results);
  const best = (columnId) => Math.max(...['piscina', 'tinypool', 'workerpool', 'poolifier', 'comlink']
    .map((id) => value('calls', id, columnId)).filter(Number.isFinite));
  const flight = value('calls', 'weft-c', 'flight');
  const size = kilobytes(buildDir);
  return [
    ['empty C jobs, 10,000 in flight, millions per s', flight / 1e6, ' M', atLeast(3), ''],
    ['the same, times the best pool', flight / best('flight'), 'x', atLeast(20), ''],
    ['one at a time, p50 over the bare round trip', ratio('calls', 'weft-c', 'ring', 'p50'), 'x', atMost(1.15), ''],
    ['callSync, p50', value('calls', 'weft-sync', 'p50'), ' us', atMost(2), ''],
    ['JS tasks, 10,000 in flight, thousands per s', value('calls', 'weft', 'flight') / 1e3, ' k', atLeast(500), ''],
    ['64 MB in place, JS task, over shared memory by hand', ratio('payload', 'weft-shared', 'messages-shared', 'large'), 'x', atMost(1.03), ''],
    ['64 MB in place, rt.forEach, over both workers by hand', ratio('payload', 'weft-loop-shared', 'halves-shared', 'large'), 'x', atMost(1.03), ''],
    ['64 MB in place, C, over both workers by hand', ratio('payload', 'weft-c-shared', 'halves-shared', 'large'), 'x', atMost(1.03), ''],
    ['64 MB in place, rt.forEach, times structured clone', ratio('payload', 'messages-clone', 'weft-loop-shared', 'large'), 'x', atLeast(20), ''],
    ['forEach in plain JS over one thread', value('loop', 'weft', 'speed'), 'x', atLeast(1.9), ''],
    ['cold start, 2 workers, over bare workers', ratio('start', 'weft-c', 'bare', 'two'), 'x', atMost(1.15), ''],
    ['cold start, 8 workers, over bare workers', ratio('start', 'weft-c', 'bare', 'eight'), 'x', atMost(1.15), ''],
    ['cold start, 2 workers, over those with an instance', ratio('start', 'weft-c', 'bare-wasm', 'two'), 'x', atMost(1.15), ''],
    ['cold start, 8 workers, over those with an instance', ratio('start', 'weft-c', 'bare-wasm', 'eight'), 'x', atMost(1.15), ''],
    ['import', value('start', 'weft-c', 'import'), ' ms', atMost(2), ''],
    ['JavaScript for calls of C, brotli', size.glue, ' kB', atMost(12), ''],
    ['module without kernels, brotli', size.module, ' kB', atMost(15), ''],
    ['the slowest rejection after a failure', slowest(results), ' ms', atMost(100), ''],
    ['idle, wake-ups', value('rest', 'weft-c', 'wakeups'), '/s', atMost(0), ''],
    ['a million jobs, growth of the resident memory', value('rest', 'weft-c', 'growth'), ' MB', atMost(8), ''],
  ]
    .filter(([, figure]) => Number.isFinite(figure))
    .map(([label, figure, unit, goal, limit]) => ({ label, value: figure, unit, aim: goal.aim, met: goal.holds(figure), limit }));
}
