// What the commands `npm run bench:*` have in common: they set up and build before they measure.

import { runScript } from '../setup/run.js';
import { setUp } from '../setup/setup.js';
import { runWithOptions } from './command_line.js';

/**
 * Runs a script of this folder with the arguments of this process, which are checked before.
 *
 * @param {string} script
 * @param {object} bench
 * @param {Parameters<typeof runWithOptions>[0]} bench.commandLine  of the script
 * @param {Parameters<typeof setUp>[0]} bench.needs
 * @param {(targets: string[]) => Promise<boolean>} bench.make  builds
 */
export function startBenchmark(script, { commandLine, needs, make }) {
  return runWithOptions(commandLine, async () => {
    const { targets } = await setUp(needs);
    if (!(await make(targets))) return 1;
    console.log('');
    return runScript(`tests/bench/${script}`, process.argv.slice(2));
  });
}
