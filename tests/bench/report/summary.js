// The numbers that answer the question: what does weft bring?

import { pairedSpeed } from '../stats.js';
import { findRow } from './text.js';

const JS_RUNGS = ['js', 'fork', 'ipc', 'copy', 'transfer', 'sab'];

/** Aims, so that a run says itself which of them it meets. */
const atLeast = (limit) => ({ aim: `>= ${limit}x`, holds: (value) => value >= limit });
const atMost = (limit) => ({ aim: `<= ${limit}x`, holds: (value) => value <= limit });

function bestJs(workload) {
  const rows = JS_RUNGS.map((id) => findRow(workload, id)).filter(Boolean);
  return rows.sort((a, b) => a.medianMs - b.medianMs)[0];
}

/** Lines by workload; `speed(base, row)` is how many times faster row is than base. */
const linesFor = {
  blake3: (row, speed, best) => [
    ['weft wasi, all threads against its one', speed('wasi-1', 'wasi'), atLeast(1.8)],
    ['time of weft wasi against weft native, all threads', speed('wasi', 'native'), atMost(1.4)],
    [`weft wasi against the best JS rung (${best})`, speed(best, 'wasi'), atLeast(5)],
  ],
  mandelbrot: (row, speed, best) => [
    ['weft wasi, all threads against serial wasm', speed('wasm', 'wasi'), atLeast(1.9)],
    [`weft wasi against the best JS rung (${best})`, speed(best, 'wasi')],
  ],
  sort: (row, speed, best) => [
    ['weft wasi against Float64Array.prototype.sort', speed('js', 'wasi'), atLeast(4)],
    [`weft wasi against the best JS rung (${best})`, speed(best, 'wasi')],
  ],
  sum: (row, speed) => [
    ['weft wasi against SharedArrayBuffer by hand', speed('sab', 'wasi'), atLeast(1)],
    ['weft wasi against postMessage copies', speed('copy', 'wasi')],
  ],
  uts: (row, speed, best) => [
    ['weft wasi, all threads against serial wasm', speed('wasm', 'wasi'), atLeast(1.7)],
    [`weft wasi against the best JS rung (${best})`, speed(best, 'wasi')],
  ],
  saxpy: () => [],
  nqueens: () => [],
  start: (row, speed) => [
    ['createRuntime to first result against bare new Workers, time',
      speed('wasi', 'bare'), atMost(1.3)],
  ],
};

const compilerLine = (speed) => (
  ['time of serial wasm against serial native', speed('wasm', 'native-serial'), atMost(1.5)]);

/**
 * @param {object[]} results  what measureWorkload returned
 * @param {object} options
 * @returns {{label: string, value: number, unit: string, aim?: string, met?: boolean}[]}
 *   one entry for each number whose rungs both ran
 */
export function summarise(results, { threads }) {
  return results.flatMap((workload) => {
    const row = (id) => findRow(workload, id);
    const speed = (base, id) => pairedSpeed(row(base), row(id));
    const best = bestJs(workload)?.id;
    const lines = linesFor[workload.name](row, speed, best);
    if (workload.name !== 'start') lines.push(compilerLine(speed));
    return lines
      .filter(([, value]) => value > 0)
      .map(([label, value, goal]) => ({
        label: `${workload.name}: ${label}`,
        value,
        unit: 'x',
        // The aims are for two threads and more: one thread cannot be faster than itself.
        ...(goal && threads > 1 ? { aim: goal.aim, met: goal.holds(value) } : {}),
      }));
  });
}
