// Measures one section: all its peers in turns, round after round.

import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../stats.js';
import { fileOf, openPeer } from './peer_process.js';
import { PEERS, serialOf } from './peers.js';

const THREADS = 2;
const WARM_MS = 20;
const WARM_UPS_MAX = 5;
const ON_ONE_CPU_NS = 1e6; // of a rendezvous: a time slice, as both threads share one CPU
const WARM_PAUSE_MS = 2;
const STEPS_MS = 50;
const SETTLE_MS = 500; // longer than every runtime's spin window
const IDLE_MS = 1000;

const HOT_RUNS_MAX = 20;
const ROUNDS_MIN = 3;

/** How many threads a peer has in a column. */
const threadsIn = (peer, column) => (peer.kind === 'serial' ? 1 : column.threads ?? THREADS);

/** The peers of a section; speed-ups bring the serial programs along. */
function peersOf(section, options) {
  const chosen = PEERS.filter((peer) => (
    options.peers.includes(peer.id) && peer.sections.includes(section.id)));
  const bases = section.columns.some((column) => column.show === 'speed')
    ? chosen.map(serialOf) : [];
  return PEERS.filter((peer) => chosen.includes(peer) || bases.includes(peer.id));
}

/** Starts a row's processes, one for each number of threads that its columns want. */
async function openRow(row, section, options) {
  if (!fs.existsSync(fileOf(row.peer, options.buildDir))) {
    row.skip = 'not built here';
    return;
  }
  const counts = new Set(section.columns.map((column) => threadsIn(row.peer, column)));
  for (const threads of counts) {
    const opened = await openPeer(row.peer, threads, options.buildDir);
    row.processes.set(threads, opened);
    row.says = opened.says;
  }
}

async function closeRow(row) {
  for (const opened of row.processes.values()) await opened.close();
  row.processes.clear();
}

/** Runs a step of one row; a failure ends that row, not the benchmark. */
async function attempt(row, step) {
  if (row.skip || row.error) return;
  try {
    await step();
  } catch (error) {
    row.error = error.message;
    await closeRow(row);
  }
}

/** Steps of bench_work in a microsecond, by target: what makes the work of a region. */
async function calibrate(rows) {
  const steps = {};
  for (const row of rows) {
    if (row.peer.kind !== 'serial' || row.processes.size === 0) continue;
    const program = row.processes.get(1);
    program.resume();
    await program.ask(`steps ${STEPS_MS}`); // in WebAssembly: until the code is optimised
    steps[row.peer.id] = (await program.ask(`steps ${STEPS_MS}`)).ns;
    program.stop();
  }
  return (peer) => steps[serialOf(peer)] ?? 0;
}

/**
 * Lets the threads meet until the kernel has spread them over the CPUs; stopping them for a moment
 * makes it place them anew. Where that fails, the figures show it.
 */
async function warmUp(program) {
  for (let i = 0; i < WARM_UPS_MAX; i++) {
    if ((await program.ask(`rdv ${WARM_MS}`)).ns < ON_ONE_CPU_NS) return;
    program.stop();
    await sleep(WARM_PAUSE_MS);
    program.resume();
  }
}

/** The columns that this row has with so many threads. */
function columnsFor(row, section, threads) {
  return section.columns.filter((column) => threadsIn(row.peer, column) === threads
    && !(column.natively && row.peer.target !== 'native')
    && !(column.together && row.peer.kind === 'serial'));
}

/** Before the first round: caches, page tables and compilers warm up. */
async function heatUp(row, section, threads, stepsOf) {
  const program = row.processes.get(threads);
  program.resume();
  if (threads > 1) await warmUp(program);
  for (const column of columnsFor(row, section, threads)) {
    const begun = performance.now();
    for (let i = 0; i < HOT_RUNS_MAX && performance.now() - begun < section.hotMs; i++) {
      await program.ask(column.command(row.peer, stepsOf(row.peer)));
    }
  }
  program.stop();
}

/** All columns of one row for one number of threads, between a SIGCONT and a SIGSTOP. */
async function takeTurn(row, section, threads, round, stepsOf) {
  const program = row.processes.get(threads);
  program.resume();
  if (threads > 1) await warmUp(program);
  for (const column of columnsFor(row, section, threads)) {
    const answer = await program.ask(column.command(row.peer, stepsOf(row.peer)));
    const cell = row.cells[column.id] ??= { rounds: [] };
    cell.rounds[round] = answer.all ? median(answer.all) : answer.ns;
    if (answer.all) (cell.samples ??= []).push(...answer.all);
  }
  program.stop();
}

/** Calls `step(row, threads)` for every process that runs. */
async function forEachProcess(rows, step) {
  for (const row of rows) {
    for (const threads of row.processes.keys()) await attempt(row, () => step(row, threads));
  }
}

async function openRows(rows, section, options, progress) {
  for (const row of rows) {
    progress(`start ${row.peer.title}`);
    await attempt(row, () => openRow(row, section, options));
  }
}

/** Rounds until all are done or, without --rounds, the section's time since `begun` is up. */
async function takeTurns(rows, section, options, begun, progress) {
  const heatAll = (stepsOf) => (
    forEachProcess(rows, (row, threads) => heatUp(row, section, threads, stepsOf)));
  progress('warm-up');
  const stepsOf = await calibrate(rows);
  await heatAll(stepsOf);
  const rounds = options.rounds ?? section.rounds;
  const end = begun + section.seconds * 1000;
  for (let round = 0; round < rounds; round++) {
    if (!options.rounds && round >= ROUNDS_MIN && performance.now() > end) return round;
    if (section.anew && round > 0) {
      for (const row of rows) await closeRow(row);
      await openRows(rows, section, options, progress);
      await heatAll(stepsOf);
    }
    progress(`round ${round + 1} of ${rounds}`);
    await forEachProcess(rows, (row, threads) => takeTurn(row, section, threads, round, stepsOf));
  }
  return rounds;
}

/** All peers idle in the same second: they neither run nor disturb each other then. */
async function watchIdle(rows, rounds, progress) {
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    const watched = [];
    for (const row of rows) {
      const program = row.processes.get(THREADS);
      await attempt(row, async () => {
        program.resume();
        await program.ask(`rdv ${WARM_MS}`);
        watched.push({ row, program });
      });
    }
    await sleep(SETTLE_MS);
    for (const entry of watched) entry.before = { ...entry.program.costs(), at: performance.now() };
    await sleep(IDLE_MS);
    for (const { row, program, before } of watched) {
      const { cpuNs, switches } = program.costs();
      const seconds = (performance.now() - before.at) / 1000;
      const put = (id, value) => { (row.cells[id] ??= { rounds: [] }).rounds[round] = value; };
      put('cores', (cpuNs - before.cpuNs) / 1e9 / seconds);
      put('wakeups', (switches - before.switches) / seconds);
      program.stop();
    }
  }
  return rounds;
}

/**
 * @param {import('./sections.js').Section} section
 * @param {object} options  from readOptions
 * @param {(text: string) => void} progress
 */
export async function measureSection(section, options, progress) {
  const rows = peersOf(section, options).map((peer) => (
    { peer, cells: {}, processes: new Map() }));
  const begun = performance.now();
  let rounds = 0;
  try {
    await openRows(rows, section, options, progress);
    rounds = section.id === 'idle' ? await watchIdle(rows, options.rounds ?? section.rounds, progress)
      : await takeTurns(rows, section, options, begun, progress);
  } finally {
    for (const row of rows) await closeRow(row);
  }
  return {
    ...section,
    rounds,
    seconds: (performance.now() - begun) / 1000,
    rows: rows.map(({ processes, peer, ...row }) => ({ ...row, ...peer })),
  };
}
