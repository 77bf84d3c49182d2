// npm run bench:mpi: sets up and builds, measures weft::mpi on the ranks of this machine, and feeds
// the costs to a simulation of larger clusters.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build } from '../../setup/build.js';
import { ROOT } from '../../setup/run.js';
import { setUp } from '../../setup/setup.js';
import { count, parse, runWithOptions } from '../command_line.js';
import { median } from '../stats.js';
import { simulateLoop } from './simulate.js';

const USAGE = `usage: npm run bench:mpi [-- --rounds N] [--size N]

  --rounds N  how often each configuration is run, taking turns (default 5)
  --size N    of the Mandelbrot picture (default 16384)

Ranks are not bound to CPUs, so that one rank with two threads and two ranks with one have the same
two CPUs. The last table is a simulation.`;

const FOLDER = path.join(ROOT, 'build/native-mpi/mpi');
const SIZES = [1, 4, 16, 64, 256, 1024];

function readOptions(args) {
  const { rounds, size, help } = parse(args, ['rounds', 'size'], ['help']);
  return { help, rounds: count('rounds', rounds ?? '5', 999), size: count('size', size ?? '16384', 65536) };
}

/** Runs one of our programs and returns what it printed. */
function mpirun(ranks, threads, program, ...args) {
  const env = {
    ...process.env, WEFT_THREADS: String(threads),
    OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_hwloc_base_binding_policy: 'none',
    OMPI_MCA_rmaps_base_oversubscribe: '1',
  };
  const { status, stdout, stderr } = spawnSync('mpiexec', ['-n', String(ranks), path.join(FOLDER, program), ...args],
    { encoding: 'utf8', env, timeout: 600_000 });
  if (status !== 0) throw new Error(`${program} on ${ranks} ranks failed (${status}):\n${stdout}\n${stderr}`);
  return stdout;
}

/** Seconds of every run but the first, and what the runs found out, which has to be the same. */
function timesOf(output) {
  const lines = output.trim().split('\n').map((line) => {
    const [, result, seconds] = /^(.*), ([\d.]+) s/.exec(line) ?? [];
    return { result, seconds: Number(seconds) };
  });
  return { result: lines[0].result, times: lines.slice(1).map(({ seconds }) => seconds) };
}

const WAYS = [{ name: '1 rank x 2 threads', ranks: 1, threads: 2 }, { name: '2 ranks x 1 thread', ranks: 2, threads: 1 }];

/** The ways take turns. */
function compare(what, rounds, program, ...args) {
  const times = WAYS.map(() => []);
  const results = new Set();
  for (let round = 0; round < rounds; round++) {
    WAYS.forEach(({ ranks, threads }, way) => {
      const found = timesOf(mpirun(ranks, threads, program, ...args));
      results.add(found.result);
      times[way].push(...found.times);
    });
  }
  console.log(`\n${what}: ${[...results].join(' AND ')}`);
  if (results.size !== 1) throw new Error('the results differ');
  WAYS.forEach(({ name }, way) => {
    const sorted = times[way].sort((a, b) => a - b);
    console.log(`  ${name}  ${(1e3 * median(sorted)).toFixed(1).padStart(9)} ms ` +
      `(${(1e3 * sorted[0]).toFixed(1)} to ${(1e3 * sorted.at(-1)).toFixed(1)}, n ${sorted.length})`);
  });
  console.log(`  ratio of the medians ${(median(times[1]) / median(times[0])).toFixed(3)}`);
}

/** @returns {Map<string, any>}  by name */
function costsOf(ranks, threads) {
  const lines = mpirun(ranks, threads, 'mpi_costs').trim().split('\n').map((line) => JSON.parse(line));
  console.log(`\nCosts, ${ranks} ranks x ${threads} threads: microseconds, median (min to max)`);
  for (const { name, us, min, max } of lines) {
    if (typeof us === 'number') console.log(`  ${name.padEnd(26)}${us.toFixed(1).padStart(10)} (${min.toFixed(1)} to ${max.toFixed(1)})`);
  }
  return new Map(lines.map((line) => [line.name, line]));
}

/** The rows between two that were measured cost as much as the first of them. */
function spread(rows, count) {
  return Array.from({ length: count }, (_, row) => rows[Math.floor(row * rows.length / count)]);
}

function simulate(costs) {
  const rows = spread(costs.get('rows').us, 16384);
  const claim = costs.get('claim elsewhere').us;
  const networks = [
    { name: 'this machine\'s memory', claimUs: claim, meetUs: costs.get('ping').us / 2 },
    { name: 'fast network, 2 us', claimUs: 4, meetUs: 2 },
    { name: 'Ethernet, 30 us and a tick of 1 ms at the target', claimUs: 1060, meetUs: 30 },
  ];
  console.log('\nSIMULATION, no measurement: weft_mpi_for over the 16384 rows of the picture, one thread per rank,\n' +
    'with the row times of this machine. Speed-up (efficiency, claims)');
  console.log(`  ${''.padEnd(50)}${SIZES.map((ranks) => String(ranks).padStart(20)).join('')}  ranks`);
  for (const { name, claimUs, meetUs } of networks) {
    const cells = SIZES.map((ranks) => {
      const { efficiency, claims } = simulateLoop(rows, ranks, {
        homeUs: costs.get('claim at home').us, claimUs, serveUs: 0.5, meetUs, wakeUs: 60,
      });
      return `${(efficiency * ranks).toFixed(1)} (${(100 * efficiency).toFixed(0)} %, ${claims})`.padStart(20);
    });
    console.log(`  ${name.padEnd(50)}${cells.join('')}`);
  }
}

async function main({ rounds, size }) {
  const ready = await setUp({ targets: ['native-mpi'], explicit: true });
  if (!(await build(ready.targets[0]))) return 1;
  compare(`Mandelbrot, ${size} x ${size}`, rounds, 'mpi_mandelbrot', '--size', String(size), '--runs', '2');
  compare('UTS T1', rounds, 'mpi_uts', '--tree', '1', '--runs', '9');
  compare('UTS T3', rounds, 'mpi_uts', '--tree', '3', '--runs', '9');
  costsOf(1, 2);
  simulate(costsOf(2, 1));
  return 0;
}

runWithOptions({ USAGE, readOptions }, main);
