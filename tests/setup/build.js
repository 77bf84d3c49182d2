// npm run build: sets up and builds; the part that `npm start` and `npm test` share.

import { cpSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readCommandLine, runMain } from './command_line.js';
import { ROOT, step } from './run.js';
import { setUp } from './setup.js';

/**
 * Configures and builds one preset.
 *
 * @param {string} preset
 * @param {string[]} [goals]  CMake targets; default: all
 * @returns {Promise<boolean>}
 */
export async function build(preset, goals = []) {
  const configured = await step(`${preset}: configure`, 'cmake', ['--preset', preset]);
  if (!configured.ok) return false;
  const only = goals.length > 0 ? ['--target', ...goals] : [];
  if (!(await step(`${preset}: build`, 'cmake', ['--build', '--preset', preset, ...only])).ok) return false;
  if (preset !== 'wasi' || goals.length > 0) return true;
  // What `weft build` compiles with, and what it compiles for targets without a library of ours.
  cpSync(path.join(ROOT, 'src'), path.join(ROOT, 'js-glue/sdk/source'), {
    recursive: true, preserveTimestamps: true, filter: (name) => !/\/(?:thread|include)$/.test(name),
  });
  return (await step('wasi: install', 'cmake', ['--install', `build/${preset}`, '--prefix', 'js-glue/sdk/wasi'])).ok;
}

/**
 * Makes js-glue/dist and js-glue/types.
 *
 * @param {string[]} [options]  of bundle.js
 * @returns {Promise<boolean>}
 */
export async function bundle(options = []) {
  return (await step('js-glue: bundle', process.execPath, ['js-glue/bundle.js', ...options])).ok;
}

async function main() {
  const { targets, explicit } = readCommandLine(process.argv.slice(2), {
    usage: 'npm run build [-- --targets LIST]',
  });
  const ready = await setUp({ targets, explicit, npm: true });
  let failed = 0;
  for (const preset of ready.targets) if (!(await build(preset))) failed++;
  if (!(await bundle())) failed++;
  return failed === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) runMain(main);
