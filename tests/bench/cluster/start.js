// npm run bench:cluster: sets up, builds the stock kernels, then measures. Options are those of
// bench.js.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../../setup/build.js';
import { runMain } from '../../setup/command_line.js';
import { REDIS } from '../../setup/needs.js';
import { ROOT } from '../../setup/run.js';
import { setUp } from '../../setup/setup.js';

function runBenchmark(args) {
  const script = fileURLToPath(new URL('bench.js', import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help')) return runBenchmark(args);
  await setUp({ targets: ['wasi'], explicit: true, npm: true, extras: [REDIS] });
  if (!(await build('wasi'))) return 1;
  console.log('');
  return runBenchmark(args);
}

runMain(main);
