// What a reader must know to judge the numbers.

import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** The commit that is measured, or null outside a git work tree. */
function commit() {
  try {
    const git = (...args) => execFileSync('git', ['-C', import.meta.dirname ?? '.', ...args], {
      encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ' (changed)' : '');
  } catch {
    return null;
  }
}

/** Machine, versions and command, as an object and as lines to print. */
export function describeMachine({ title, script }) {
  const cpus = os.cpus();
  const machine = {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cpus: cpus.length,
    usable: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    v8: process.versions.v8,
    commit: commit(),
    date: new Date().toISOString(),
    command: ['node', script, ...process.argv.slice(2)].join(' '),
    load: os.loadavg()[0],
  };
  const lines = [
    `${title}: ${machine.command}`,
    `${machine.cpu}, ${machine.usable} of ${machine.cpus} CPUs, ${machine.memoryGiB} GiB, ${machine.system}`,
    `Node ${machine.node}, V8 ${machine.v8}${machine.commit ? `, commit ${machine.commit}` : ''}`,
  ];
  if (machine.load > 0.5) {
    lines.push(`load average ${machine.load.toFixed(1)}: the machine is busy, expect noise`);
  }
  return { ...machine, lines };
}
