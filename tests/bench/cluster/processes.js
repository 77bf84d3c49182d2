// The processes of the benchmark: redis-server and workers, and the CPU time that each has used.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const TICK_MS = 10; // of /proc

/** CPU time of a process, all its threads, in ms. @param {number} pid */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Processes that end together. */
export class Processes {
  #ends = [];

  async #start(command, args, ready) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ends.push(async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    });
    let output = '';
    await new Promise((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (output.includes(ready)) resolve();
      });
      child.once('exit', () => reject(new Error(`${command} ${args.join(' ')} ended early: ${output}`)));
    });
    return child;
  }

  /** @returns {Promise<{ url: string, pid: number }>} */
  async redis() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = /** @type {any} */ (server.address());
    server.close();
    await once(server, 'close');
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-bench-redis-'));
    this.#ends.push(async () => rmSync(folder, { recursive: true, force: true }));
    const child = await this.#start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'], 'Ready to accept');
    return { url: `redis://127.0.0.1:${port}`, pid: child.pid };
  }

  /** @param {string} file  @param {string[]} args */
  node(file, args) {
    return this.#start(process.execPath, [file, ...args], 'listens');
  }

  async close() {
    for (const end of this.#ends.reverse()) await end();
    this.#ends = [];
  }
}

export const redisVersion = () => /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1];
