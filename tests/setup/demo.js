// npm run demo: sets up, builds what the demo needs, and serves it. Options are those of
// `weft serve`.

import { run } from '../../js-glue/cli/serve.js';
import { buildDemo } from '../../web-demo/build.js';
import { build, bundle } from './build.js';
import { runMain } from './command_line.js';
import { setUp } from './setup.js';

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return run(['--help']);
  await setUp({ targets: ['wasi'], explicit: true, npm: true });
  if (!(await build('wasi')) || !(await bundle())) return 1;
  return run([await buildDemo(), ...args]);
}

runMain(main);
