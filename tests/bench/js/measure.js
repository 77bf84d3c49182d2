// Measures one section: all its peers in turns, round after round.

import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openChild } from '../child.js';
import { PEERS } from './peers.js';

const THREADS = 2;
const WARM_UPS = 2;
const PROBE_MS = 60_000;
const HEAP_MB = 64;
const SETTLE_MS = 300;
const IDLE_MS = 1000;
const LEAVE_MS = 5000;

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @param {string} file  a program that prints a line of JSON  @param {string[]} args
 * @param {number} [heapMb]  its limit
 */
function probe(file, args, env, heapMb) {
  const heap = heapMb ? [`--max-old-space-size=${heapMb}`] : [];
  const mayEnd = file === 'probe.js' && args[1] !== 'start';
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...heap, fileOf(file), ...args], { env, timeout: PROBE_MS, killSignal: 'SIGKILL' }, (failure, stdout) => {
      const line = stdout.trim().split('\n').at(-1);
      if (!line && failure && mayEnd) return resolve({ text: 'ends the process' });
      if (!line) return reject(new Error(failure?.message ?? 'said nothing'));
      const answer = JSON.parse(line);
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer);
    });
  });
}

/** The rows of a section: a peer, or a peer and a way in which arrays travel. */
function rowsOf(section, options) {
  if (section.kinds) {
    return section.kinds.map(({ title, ...kind }) => ({ peer: { id: kind.id, kind: 'weft' }, kind, title, cells: {} }));
  }
  const needed = section.columns.some(({ show }) => show === 'speed') ? ['serial'] : [];
  const chosen = PEERS.filter((peer) => peer.sections.includes(section.id)
    && (options.peers.includes(peer.id) || needed.includes(peer.id)));
  return chosen.flatMap((peer) => (section.id !== 'payload' ? [{ peer, title: peer.title, cells: {} }]
    : peer.modes.map((mode) => ({ peer, mode, title: `${peer.title}, ${mode}`, cells: {} }))));
}

/** Runs a step of one row; a failure ends that row, not the benchmark. */
async function attempt(row, step) {
  if (row.error) return;
  try {
    await step();
  } catch (error) {
    row.error = error.message.split('\n')[0];
  }
}

/** Takes the columns' parts out of an answer. */
function keep(section, row, command, round, answer) {
  for (const column of section.columns.filter((one) => one.command === command)) {
    const cell = row.cells[column.id] ??= { rounds: [] };
    if (column.show === 'text') cell.text = answer.text;
    else if (answer[column.part ?? 'ns'] !== undefined) cell.rounds[round] = answer[column.part ?? 'ns'];
  }
}

const commandsOf = (section) => [...new Set(section.columns.map(({ command }) => command))];

async function takeTurn(section, row, round, child) {
  child.resume();
  try {
    for (const command of commandsOf(section)) {
      const answer = await child.ask(`${command} ${row.mode ?? ''}`);
      if (round >= 0) keep(section, row, command, round, answer);
    }
  } finally {
    child.stop();
  }
}

const openHost = (peer, options) => {
  process.env.WEFT_BENCH_BUILD = options.buildDir;
  return openChild(process.execPath, ['--expose-gc', fileOf('host.js'), peer.id], `start ${THREADS}`);
};

async function inTurns(section, rows, rounds, options, progress) {
  const children = new Map();
  try {
    for (const row of rows) {
      progress(`start ${row.title}`);
      await attempt(row, async () => {
        if (!children.has(row.peer)) children.set(row.peer, await openHost(row.peer, options));
      });
    }
    for (let round = -WARM_UPS; round < rounds; round++) {
      progress(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
      for (const row of rows) await attempt(row, () => takeTurn(section, row, round, children.get(row.peer)));
    }
  } finally {
    for (const child of children.values()) await child.close();
  }
}

async function inFreshProcesses(section, rows, rounds, options, progress) {
  const env = { ...process.env, WEFT_BENCH_BUILD: options.buildDir };
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      progress(`round ${round + 1} of ${rounds}: ${row.title}`);
      await attempt(row, async () => {
        for (const command of commandsOf(section)) {
          keep(section, row, command, round, await probe('probe.js', [row.peer.id, ...command.split(' ')], env, command === 'exhaust' ? HEAP_MB : undefined));
        }
      });
    }
  }
}

/** What all threads of a process do while it has nothing to do. */
async function idle(child) {
  await pause(SETTLE_MS);
  const before = child.costs();
  const begun = performance.now();
  await pause(IDLE_MS);
  const after = child.costs();
  const seconds = (performance.now() - begun) / 1000;
  return { wakeups: (after.switches - before.switches) / seconds, cpuNs: (after.cpuNs - before.cpuNs) / seconds };
}

/** Whether a process that closes nothing ends by itself. */
function leaves(peer, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileOf('probe.js'), peer.id, 'leave'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let done;
    let timer;
    createInterface({ input: child.stdout }).on('line', () => {
      done = performance.now();
      timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (done === undefined) reject(new Error(`ended early (${signal ?? `code ${code}`})`));
      else resolve({ text: signal === null ? `after ${(performance.now() - done).toFixed(0)} ms` : `not in ${LEAVE_MS / 1000} s` });
    });
  });
}

async function atRest(section, rows, rounds, options, progress) {
  const env = { ...process.env, WEFT_BENCH_BUILD: options.buildDir };
  for (const row of rows) {
    progress(row.title);
    await attempt(row, async () => {
      const child = await openHost(row.peer, options);
      child.resume();
      try {
        await child.ask('latency 100');
        for (const command of commandsOf(section)) {
          const answer = command === 'idle' ? await idle(child)
            : command === 'leave' ? await leaves(row.peer, env) : await child.ask(command);
          keep(section, row, command, 0, answer);
        }
      } finally {
        await child.close();
      }
    });
  }
}

async function byKind(section, rows, rounds, options, progress) {
  const env = { ...process.env, WEFT_BENCH_BUILD: options.buildDir };
  for (const row of rows) {
    progress(row.title);
    const { id, samples, heapMb } = row.kind;
    await attempt(row, async () => keep(section, row, 'failures', 0, await probe('failures.js', [id, String(samples)], env, heapMb)));
  }
}

const MODES = { turns: inTurns, fresh: inFreshProcesses, rest: atRest, kinds: byKind };

/**
 * @param {(typeof import('./sections.js').SECTIONS)[number]} section
 * @param {object} options  from readOptions
 * @param {(text: string) => void} progress
 */
export async function measureSection(section, options, progress) {
  const rows = rowsOf(section, options);
  const begun = performance.now();
  const rounds = section.rounds === 1 ? 1 : options.rounds ?? section.rounds;
  await MODES[section.mode](section, rows, rounds, options, progress);
  return {
    ...section,
    rounds,
    seconds: (performance.now() - begun) / 1000,
    rows: rows.map(({ peer, mode, title, cells, error }) => ({
      id: mode ? `${peer.id}-${mode}` : peer.id, title, kind: peer.kind, target: 'wasi', base: 'serial', says: title, cells, error,
    })),
  };
}
