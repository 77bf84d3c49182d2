// npm run bench:scheduler: sets up and builds the peers, then measures. Options are those of
// scheduler.js.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../../setup/build.js';
import { runMain } from '../../setup/command_line.js';
import { SCHEDULER_PEERS } from '../../setup/needs.js';
import { ROOT } from '../../setup/run.js';
import { setUp } from '../../setup/setup.js';

const TARGETS = ['native', 'wasi', 'emscripten'];

function runBenchmark(args) {
  const script = fileURLToPath(new URL('scheduler.js', import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help')) return runBenchmark(args);
  const ready = await setUp({ targets: TARGETS, extras: SCHEDULER_PEERS });
  for (const preset of ready.targets) {
    if (await build(preset, ['bench_scheduler'])) continue;
    console.error(`\ncould not be built: ${preset}`);
    return 1;
  }
  console.log('');
  return runBenchmark(args);
}

runMain(main);
