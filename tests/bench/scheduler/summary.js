// The aims, which of them are met, and how far each figure is from its limit.

import { median } from '../stats.js';
import { largerIsBetter, ratios, show, tell } from './cells.js';

const IDLE_CORES = 0.005; // less than the noise of the measurement: nothing is burnt
const IDLE_WAKEUPS = 1; // in a second

const atMost = (value) => ({ aim: `<= ${value}`, holds: (x) => x <= value });
const atLeast = (value) => ({ aim: `>= ${value}`, holds: (x) => x >= value });

/** Finds the figures of a run. */
function reader(results) {
  const sectionOf = (id) => results.find((section) => section.id === id);
  const columnOf = (section, id) => section?.columns.find((column) => column.id === id);
  const rowOf = (section, id) => section?.rows.find((row) => row.id === id && !row.skip && !row.error);
  return {
    /** The median of a cell in its unit; NaN when it was not measured. */
    value(sectionId, peerId, columnId) {
      const section = sectionOf(sectionId);
      const [row, column] = [rowOf(section, peerId), columnOf(section, columnId)];
      return row && column ? tell(section, row, column)?.median ?? NaN : NaN;
    },
    /** The best round of a cell: what a floor can reach. */
    best(sectionId, peerId, columnId) {
      const section = sectionOf(sectionId);
      const [row, column] = [rowOf(section, peerId), columnOf(section, columnId)];
      const cell = row && column ? tell(section, row, column) : null;
      return cell ? cell[largerIsBetter(column) ? 'max' : 'min'] : NaN;
    },
    /** Time of one peer over that of another, by round. */
    ratio(sectionId, baseId, peerId, baseColumn, peerColumn = baseColumn) {
      const section = sectionOf(sectionId);
      const [base, peer] = [columnOf(section, baseColumn), columnOf(section, peerColumn)];
      if (!base || !peer) return NaN;
      return median(ratios(rowOf(section, baseId), rowOf(section, peerId), base, peer));
    },
  };
}

const overFloor = (value, floor, unit) => (
  floor > 0 ? `${show(value / floor)}x the limit (${show(floor)}${unit})` : '');
const ofLimit = (value, limit) => (
  limit > 0 ? `${show((100 * value) / limit)} % of the limit (${show(limit)}x)` : '');

/** The lines for weft in one form: native, or as WebAssembly. */
function linesOf(run, { id, where, floor, serial, aims }) {
  const { value, best, ratio } = run;
  const rdv = value('rdv', id, 'rdv');
  const loop = value('empty', id, 'n1024');
  const grain = value('grain', id, 'us5');
  const spawn = value('fib', id, 'one');
  const gain = ratio('fib', id, id, 'one', 'two');
  return [
    [`empty loop, both threads take part, ${where}`, rdv, ' ns', atMost(aims.rdv),
      overFloor(rdv, best('rdv', floor, 'rdv'), ' ns')],
    [`empty loop, n=1024, ${where}`, loop, ' ns', atMost(aims.loop),
      overFloor(loop, best('empty', floor, 'n1024'), ' ns')],
    [`speed-up of 5 us of work, ${where}`, grain, 'x', atLeast(aims.grain),
      ofLimit(grain, best('grain', floor, 'us5'))],
    [`fib, a spawn on 1 thread, ${where}`, spawn, ' ns', atMost(aims.spawn),
      overFloor(spawn, best('fib', serial, 'one'), ' ns')],
    [`fib, 2 threads over 1, ${where}`, gain, 'x', atLeast(1.9), ofLimit(gain, 2)],
    ...['t1', 't3'].map((tree) => {
      const speed = value('uts', id, tree);
      return [`UTS ${tree.toUpperCase()} over serial, ${where}`, speed, 'x', atLeast(1.9), ofLimit(speed, 2)];
    }),
    [`cores burnt while idle, ${where}`, value('idle', id, 'cores'), '', atMost(IDLE_CORES), ''],
    [`wake-ups while idle, ${where}`, value('idle', id, 'wakeups'), '/s', atMost(IDLE_WAKEUPS), ''],
  ];
}

/** Bandwidth of the peer over that of the base, in per cent. */
const percent = (speed) => 100 * speed;

function comparisons({ ratio, value }) {
  const memory = ['sum', 'saxpy'];
  return [
    ...['f64', 'u64'].map((type) => [`sort 1e7 ${type}, time over oneTBB's, native`,
      ratio('sort', 'weft', 'tbb', type), 'x', atMost(0.35),
      `${show(value('sort', 'weft', type))} ms; std::sort ${show(value('sort', 'serial', type))} ms`]),
    ...['f64', 'u64'].map((type) => [`sort 1e7 ${type}, time over our native, wasm`,
      ratio('sort', 'wasi', 'weft', type), 'x', atMost(1.4), '']),
    ...memory.map((name) => [`${name}, GB/s against libgomp's, native`,
      percent(ratio('memory', 'libgomp', 'weft', name)), ' %', atLeast(95),
      `${show(value('memory', 'weft', name))} GB/s`]),
    ...memory.map((name) => [`${name}, GB/s against our native, wasm`,
      percent(ratio('memory', 'weft', 'wasi', name)), ' %', atLeast(90),
      `${show(value('memory', 'wasi', name))} GB/s`]),
  ];
}

function loopLines({ value }, results) {
  const columns = results.find(({ id }) => id === 'loops')?.columns ?? [];
  return [['weft', 'native'], ['wasi', 'wasm']].map(([id, where]) => {
    const cells = columns.map((column) => ({ x: value('loops', id, column.id), title: column.title }));
    const worst = cells.reduce((a, b) => (a.x >= b.x ? a : b), { x: -Infinity, title: '' });
    return [`default grain over the best by hand, worst loop, ${where}`, worst.x, 'x', atMost(1.1), worst.title];
  });
}

function kernelLines({ ratio }, results) {
  const columns = results.find(({ id }) => id === 'kernels')?.columns ?? [];
  const known = columns.map(({ id }) => [id, ratio('kernels', 'wasi', 'weft', id)])
    .filter(([, slowdown]) => slowdown > 0);
  if (known.length === 0) return [];
  const mean = Math.exp(known.reduce((sum, [, x]) => sum + Math.log(x), 0) / known.length);
  return [
    ...known.map(([id, x]) => [`${id}, wasm over native, 1 thread`, x, 'x', atMost(1.3), '']),
    ['stock kernels, wasm over native, geometric mean', mean, 'x', atMost(1.12), ''],
  ];
}

/**
 * @param {object[]} results  what measureSection returned
 * @returns {{label: string, value: number, unit: string, aim: string, met: boolean, limit: string}[]}
 *   one entry for every aim whose figures were measured
 */
export function summarise(results) {
  const run = reader(results);
  return [
    ...linesOf(run, {
      id: 'weft', where: 'native', floor: 'spin', serial: 'serial',
      aims: { rdv: 300, loop: 400, grain: 1.8, spawn: 3 },
    }),
    ...linesOf(run, {
      id: 'wasi', where: 'wasm', floor: 'wasm-spin', serial: 'wasm-serial',
      aims: { rdv: 400, loop: 400, grain: 1.6, spawn: 8 },
    }),
    ...loopLines(run, results),
    ...comparisons(run),
    ...kernelLines(run, results),
  ]
    .filter(([, value]) => Number.isFinite(value))
    .map(([label, value, unit, goal, limit]) => ({
      label, value, unit, aim: goal.aim, met: goal.holds(value), limit,
    }));
}
