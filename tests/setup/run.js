// Runs the programs that set-up and tests are made of, and says what goes on.

import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const STILL_RUNNING_MS = 15_000;
const TAIL_LINES = 40;

/** What a program answered: exit code 0 and its output, or null. */
export function ask(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', ...options });
  return status === 0 ? stdout.trim() : null;
}

export function has(command) {
  return ask('sh', ['-c', `command -v ${command}`]) !== null;
}

/**
 * Runs one of our scripts on this terminal.
 *
 * @param {string} script  below ROOT
 * @param {string[]} args
 * @returns {Promise<number>}  its exit code, 1 after a signal
 */
export function runScript(script, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' });
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/** Seconds since `start` (of performance.now) as text. */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/**
 * Runs one step: a line when it begins, a line every 15 s, a line with the time when it ends.
 * Keeps what the program prints to itself unless it fails or `show` is set.
 *
 * @returns {Promise<{ ok: boolean, output: string, seconds: number }>}
 */
export function step(title, command, args, { env, show = false, cwd = ROOT } = {}) {
  const start = performance.now();
  console.log(`- ${title}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        if (show) process.stdout.write(text);
      });
    }
    const ticker = setInterval(() => {
      if (!show) console.log(`  ... ${secondsSince(start)}: ${lastLine(output)}`);
    }, STILL_RUNNING_MS);
    let ended = false;
    const end = (ok, word) => {
      if (ended) return; // a program that could not be started is closed, too
      ended = true;
      clearInterval(ticker);
      if (!ok && !show) console.log(indent(output.trimEnd().split('\n').slice(-TAIL_LINES)));
      console.log(`  ${word} after ${secondsSince(start)}`);
      resolve({ ok, output, seconds: (performance.now() - start) / 1000 });
    };
    child.on('error', (error) => end(false, `could not run ${command} (${error.message})`));
    child.on('close', (code) => end(code === 0, code === 0 ? 'done' : 'FAILED'));
  });
}

/** Compilers of JavaScript write lines of many kilobytes. */
function shorten(line, most) {
  return line.length > most ? `${line.slice(0, most)}...` : line;
}

function lastLine(output) {
  return shorten(output.trimEnd().split('\n').at(-1) ?? '', 90);
}

function indent(lines) {
  return lines.map((line) => `    ${shorten(line, 300)}`).join('\n');
}
