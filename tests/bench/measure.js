// Runs one workload on its rungs, in turns, and checks every result.

import { makeReference } from './reference.js';
import { summarise } from './stats.js';
import { makeInput } from './work/inputs.js';
import { rungsOf, workloads } from './workloads.js';

const REPEATS_MIN = 3;
const WARM_UP_MS = 250; // enough for V8 to optimise and for the kernel to spread the threads
const WARM_UPS_MAX = 20;

const RUN_LIMIT_MS = 120_000; // a rung that hangs is a failed rung, not a hung ladder
const CLOSE_LIMIT_MS = 10_000;

const now = () => performance.now();

/** The promise, or a rejection once the limit has passed. */
async function within(limitMs, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One run: undo the last one (not on the clock), run (on it), check (not on it). */
async function runOnce(row, reference) {
  const { session } = row;
  await session.reset?.();
  const start = now();
  const answer = await within(RUN_LIMIT_MS, 'a run', session.run());
  const took = now() - start;
  const { ms, result } = session.timesItself ? answer : { ms: took, result: answer };
  const complaint = reference.check(result, row);
  if (complaint) {
    row.wrong = result;
    throw new Error(`the result ${complaint}`);
  }
  return ms;
}

/** Runs a step of one row; a failure ends that row, not the ladder. */
async function attempt(row, step) {
  if (row.skip || row.error) return;
  try {
    await step();
  } catch (error) {
    row.error = error.code ? `${error.code}: ${error.message}` : error.message;
    await closeRow(row);
  }
}

/** Ends what a rung started; a failure to end is a failure of the rung. */
async function closeRow(row) {
  const { session } = row;
  row.session = null;
  try {
    await within(CLOSE_LIMIT_MS, 'closing', session?.close());
  } catch (error) {
    row.error ??= error.message;
  }
}

async function openRow(row, name, input, options) {
  const opened = await within(RUN_LIMIT_MS, 'opening', row.rung.open(name, input, options));
  if (opened.skip) return Object.assign(row, { skip: opened.skip, missing: opened.missing === true });
  return Object.assign(row, { session: opened, threads: opened.threads });
}

/** The first run, then warm-up; leaves in `wallMs` what one turn takes with all around it. */
async function warmUp(row, reference) {
  const begun = now();
  row.firstMs = await runOnce(row, reference);
  row.wallMs = now() - begun;
  if (row.session.cold) return;
  for (let i = 0, spent = 0; spent < WARM_UP_MS && i < WARM_UPS_MAX; i++) {
    const start = now();
    await runOnce(row, reference);
    row.wallMs = now() - start;
    spent += row.wallMs;
  }
}

/** How often a rung runs: its share of the workload's seconds, within limits. */
function repeatsFor(row, rows, workload, options) {
  const share = (1000 * workload.seconds) / rows.length;
  const fit = Math.floor(share / row.wallMs);
  return Math.min(options.repeats, Math.max(fit, REPEATS_MIN));
}

/** Rounds over all rungs, so that noise of the machine meets neighbours alike. */
async function runRounds(rows, workload, reference, options, onRound) {
  const running = rows.filter((row) => row.session);
  for (const row of running) row.repeats = repeatsFor(row, running, workload, options);
  const rounds = Math.max(0, ...running.map((row) => row.repeats));
  for (let round = 0; round < rounds; round++) {
    onRound(round, rounds);
    for (const row of running) {
      if (round >= row.repeats) continue;
      await attempt(row, async () => { row.rounds[round] = await runOnce(row, reference); });
    }
  }
}

/**
 * @param {string} name  a key of `workloads`
 * @param {object} options  from readOptions
 * @param {(text: string) => void} progress
 * @returns {Promise<object>}  the workload's rows and what they were checked against
 */
export async function measureWorkload(name, options, progress) {
  const workload = workloads[name];
  progress('input and reference');
  const input = makeInput[name](options);
  const reference = await makeReference[name](input, options);
  const rows = rungsOf(name)
    .filter((rung) => options.rungs.includes(rung.id))
    .map((rung) => ({ id: rung.id, title: rung.title, rung, isWeft: rung.isWeft === true, rounds: [] }));
  try {
    for (const row of rows) {
      progress(`first call and warm-up: ${row.title}`);
      await attempt(row, () => openRow(row, name, input, options));
      await attempt(row, () => warmUp(row, reference));
    }
    await runRounds(rows, workload, reference, options, (round, rounds) => (
      progress(`round ${round + 1} of ${rounds}`)));
  } finally {
    for (const row of rows) await closeRow(row);
  }
  return {
    name,
    title: workload.title,
    unit: workload.unit,
    about: workload.about(input, options),
    clock: workload.clock,
    amount: workload.amount(input),
    checkedAgainst: reference.source,
    image: reference.image,
    rows: rows.map((row) => finishRow(row, workload.amount(input))),
  };
}

/** What stays of a row once its session is closed. */
function finishRow(row, amount) {
  const { id, title, isWeft, threads, skip, missing, error, wrong, firstMs, rounds } = row;
  const told = { id, title, isWeft, threads, skip, missing, error, wrong };
  if (skip || error) return told;
  const summary = summarise(rounds);
  return { ...told, firstMs, rounds, ...summary, speed: (amount * 1000) / summary.medianMs };
}
