// A peer's process: asked line by line, stopped in between, and what it costs while idle.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createInterface } from 'node:readline';

const ANSWER_LIMIT_MS = 60_000;

const living = new Set(); // a stopped process outlives us unless it is killed
process.on('exit', () => { for (const child of living) child.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** CPU time in ns and voluntary context switches of all threads of a process. */
function costsOf(pid) {
  let cpuNs = 0;
  let switches = 0;
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
    const read = (name) => fs.readFileSync(`/proc/${pid}/task/${task}/${name}`, 'utf8');
    cpuNs += Number(read('schedstat').split(' ')[0]);
    switches += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read('status'))?.[1]);
  }
  return { cpuNs, switches };
}

/**
 * Starts a program that answers each line on its standard input with one line of JSON.
 *
 * @param {string} command
 * @param {string[]} args
 */
export function converse(command, args) {
  const child = spawn(command, args);
  let complaint = '';
  let pending = null;
  let failure = null;
  const fail = (error) => {
    failure ??= error;
    pending?.reject(failure);
  };
  const ended = new Promise((resolve) => { child.once('close', resolve); });
  child.stderr.on('data', (text) => { complaint += text; });
  child.stdin.on('error', fail);
  child.on('error', fail);
  child.on('close', (code, signal) => fail(
    new Error(complaint.trim() || `ended early (${signal ?? `code ${code}`})`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    try {
      pending?.resolve(JSON.parse(line));
    } catch {
      fail(new Error(`said ${JSON.stringify(line)}`));
    }
  });
  return {
    child,
    ended,
    fail,
    /** One command, one answer; '' only awaits one. @param {string} line */
    ask: (line) => new Promise((resolve, reject) => {
      if (failure) return reject(failure);
      pending = { resolve, reject };
      if (line) child.stdin.write(`${line}\n`);
    }).finally(() => { pending = null; }),
  };
}

/**
 * Starts such a program. It is stopped (SIGSTOP) whenever it is not its turn, so that a runtime
 * that spins after its work does not slow down the next one; each keeps the wait policy that it has
 * by default.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} greeting  the first line; its answer has `says`
 */
export async function openChild(command, args, greeting) {
  const { child, ended, fail, ask: say } = converse(command, args);
  living.add(child);
  ended.then(() => living.delete(child));

  /** One command, one answer; rejects when the peer found its own result wrong. */
  async function ask(line) {
    const timer = setTimeout(() => fail(new Error(`"${line}": no answer`)), ANSWER_LIMIT_MS);
    const answer = await say(line).finally(() => clearTimeout(timer));
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  async function close() {
    child.kill('SIGKILL'); // its threads may wait for ever
    await ended;
  }

  let says;
  try {
    ({ says } = await ask(greeting));
  } catch (error) {
    await close();
    throw error;
  }
  child.kill('SIGSTOP');
  return {
    says,
    ask,
    costs: () => costsOf(child.pid),
    resume: () => child.kill('SIGCONT'),
    stop: () => child.kill('SIGSTOP'),
    close,
  };
}
