// npm run demo: sets up, builds what the demo needs, and serves it. Options are those of
// `weft serve`.

import { buildDemo } from '../../web-demo/build.js';
import { build, bundle } from './build.js';
import { runMain } from './command_line.js';
import { runScript } from './run.js';
import { setUp } from './setup.js';

const serve = (...args) => runScript('js-glue/bin/weft.js', ['serve', ...args]);

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return serve('--help');
  await setUp({ targets: ['wasi'], explicit: true, npm: true });
  if (!(await build('wasi')) || !(await bundle())) return 1;
  return serve(await buildDemo(), ...args);
}

runMain(main);
