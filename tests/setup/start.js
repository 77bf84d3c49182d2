// npm start: sets up, builds what the ladder needs, and runs the ladder. Options that are not ours
// are the ladder's (`npm start -- --help` shows them).

import { readOptions } from '../bench/options.js';
import { build, bundle } from './build.js';
import { readTargets, runMain } from './command_line.js';
import { B3SUM } from './needs.js';
import { runScript } from './run.js';
import { SetupError, installNpmPackages, setUp } from './setup.js';

const GOALS = {
  native: ['ladder_native'],
  wasi: ['weft_kernels_module'],
  emscripten: ['weft_kernels_module'],
};

/** Takes `--targets LIST` or `--targets=LIST` out of the arguments. */
function splitArguments(args) {
  const index = args.findIndex((text) => text === '--targets' || text.startsWith('--targets='));
  if (index < 0) return { targets: Object.keys(GOALS), explicit: false, rest: args };
  const inline = args[index].startsWith('--targets=');
  const list = inline ? args[index].slice('--targets='.length) : args[index + 1] ?? '';
  const rest = [...args.slice(0, index), ...args.slice(index + (inline ? 1 : 2))];
  return { targets: readTargets(list, Object.keys(GOALS)), explicit: true, rest };
}

const runLadder = (args) => runScript('tests/bench/ladder.js', args);

/**
 * Users start the package's bundled files, so the ladder does, where the bundler can be had; else
 * it starts the sources, which takes longer.
 */
async function bundlePackage() {
  try {
    await installNpmPackages();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`${error.message} The ladder measures weft's sources instead of its package.`);
    return;
  }
  await bundle(['--no-types']);
}

async function main() {
  const { targets, explicit, rest } = splitArguments(process.argv.slice(2));
  if (rest.includes('--help')) {
    console.log('usage: npm start [-- --targets LIST] [options of the ladder]\n\n' +
      `  --targets LIST   of ${Object.keys(GOALS).join(', ')}; what to set up and build\n`);
    return runLadder(['--help']);
  }
  readOptions(rest); // what is wrong there is said before anything is built
  const ready = await setUp({ targets, explicit, extras: [B3SUM] });
  const broken = [];
  for (const preset of ready.targets) if (!(await build(preset, GOALS[preset]))) broken.push(preset);
  if (broken.length > 0) {
    console.error(`\ncould not be built: ${broken.join(', ')}`);
    return 1;
  }
  await bundlePackage();
  console.log('');
  const code = await runLadder(rest);
  for (const [name, why] of ready.left) console.log(`left out: ${name} (${why})`);
  return code;
}

runMain(main);
