// One measurement in a new process: a cold start, or what a fault does. Prints a line of JSON.
//
//     node probe.js ID start 2
//     node probe.js ID import
//     node probe.js ID fail
//     node probe.js ID leave

const begun = performance.now();

const { PEERS } = await import('./peers.js');

const ANSWER_MS = 4000; // a call without an answer after that never gets one
const LIMIT_MS = 200;

const [id, command, threads = '2'] = process.argv.slice(2);
const peer = PEERS.find((one) => one.id === id);

/** What became of a promise: `value` or `error`, neither when it took too long. */
async function outcome(promise, ms = ANSWER_MS) {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, ms, {}); });
  try {
    return await Promise.race([Promise.resolve(promise).then((value) => ({ value }), (error) => ({ error })), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function importLibrary() {
  if (peer.imports === undefined) return {};
  const before = performance.now();
  await import(peer.imports);
  return { ns: (performance.now() - before) * 1e6 };
}

async function start() {
  const file = await import(`./peers/${peer.file}.js`);
  const count = Number(threads);
  const pool = await file[peer.open ?? 'open']({ threads: count });
  if (!pool.here && peer.open) await pool.run('empty', []); // has waited for all of its workers
  else if (!pool.here) await meet(pool, count);
  return { ns: (performance.now() - begun) * 1e6 };
}

async function meet(pool, count) {
  const words = pool.array?.(Int32Array, 1) ?? new Int32Array(new SharedArrayBuffer(4));
  await Promise.all(Array.from({ length: count }, () => pool.run('meet', [words, count])));
}

/** Closes nothing: the process may end when it wants to. */
async function leave() {
  const pool = await (await import(`./peers/${peer.file}.js`))[peer.open ?? 'open']({ threads: 2 });
  await pool.run('empty', []);
  return { left: true };
}

/** Whether the pool still computes. */
async function usable(pool) {
  for (const [a, b] of [[1, 2], [20, 22]]) {
    const { value } = await outcome(new Promise((resolve) => { resolve(pool.run('add', [a, b])); }));
    if (value !== a + b) return false;
  }
  return true;
}

async function fault() {
  const pool = await (await import(`./peers/${peer.file}.js`)).open({ threads: 2 });
  if (!(await usable(pool))) throw new Error('does not work to begin with');
  if (command === 'loop' && pool.cannotEnd) return { text: 'has no limit to set' };
  const before = performance.now() + (command === 'loop' ? LIMIT_MS : 0);
  const call = pool.run(command, [], command === 'loop' ? { timeoutMs: LIMIT_MS } : {});
  const { error } = await outcome(call, command === 'exhaust' ? 4 * ANSWER_MS : ANSWER_MS);
  const ms = performance.now() - before;
  const ending = error === undefined ? 'no answer' : `rejects, ${ms.toFixed(1)} ms`;
  return { text: `${ending}; ${await usable(pool) ? 'usable' : 'NOT usable'}` };
}

// A pool whose worker has died may throw into the event loop: that ends a process, unless it is
// handled there.
process.on('uncaughtException', (error) => {
  console.log(JSON.stringify(command === 'start' ? { error: error.message } : { text: 'ends the process' }));
  process.exit(0);
});

try {
  const commands = { start, leave, import: importLibrary };
  console.log(JSON.stringify(await (commands[command] ?? fault)()));
} catch (error) {
  console.log(JSON.stringify({ error: `${error.code ?? error.name}: ${error.message}` }));
}
if (command !== 'leave') process.exit(0);
