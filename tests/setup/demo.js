// npm run demo: sets up, builds what the demo needs, and serves it. Options are those of
// `weft serve`.

import { UsageError as WrongUse } from '../../js-glue/cli/output.js';
import { readCommand } from '../../js-glue/cli/serve.js';
import { buildDemo } from '../../web-demo/build.js';
import { build, bundle } from './build.js';
import { UsageError, runMain } from './command_line.js';
import { runScript } from './run.js';
import { setUp } from './setup.js';

const serve = (...args) => runScript('js-glue/bin/weft.js', ['serve', ...args]);

/** What is wrong with the options is said before anything is built. @param {string[]} args */
function check(args) {
  try {
    readCommand(['web-demo', ...args]);
  } catch (error) {
    throw error instanceof WrongUse ? new UsageError(error.message) : error;
  }
}

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return serve('--help');
  check(args);
  await setUp({ targets: ['wasi'], explicit: true, npm: true });
  if (!(await build('wasi')) || !(await bundle())) return 1;
  return serve(await buildDemo(), ...args);
}

runMain(main);
