// Packages that the tests need beside the project's own, pinned by a package-lock.json in a folder
// here. Each such folder is installed into one of its own below build/.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, step } from './run.js';

/** The names of the packages in a folder. @param {string} folder  @returns {string[]} */
export function pinnedNames(folder) {
  const file = new URL(`${folder}/package.json`, import.meta.url);
  return Object.keys(JSON.parse(readFileSync(file, 'utf8')).dependencies);
}

/**
 * Installs the packages of a folder, unless they are there.
 *
 * @param {string} folder
 * @param {string[]} [options]  for npm
 * @returns {Promise<string | undefined>} the folder that they are in; undefined: it failed
 */
export async function installPinned(folder, options = []) {
  const from = fileURLToPath(new URL(`${folder}/`, import.meta.url));
  const to = path.join(ROOT, 'build', folder);
  const lock = readFileSync(path.join(from, 'package-lock.json'), 'utf8');
  const stamp = path.join(to, '.weft-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    mkdirSync(to, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(path.join(from, file), path.join(to, file));
    const { ok } = await step(`npm ci (${pinnedNames(folder).join(', ')})`, 'npm', ['ci', '--bin-links=false', ...options], { cwd: to });
    if (!ok) return undefined;
    writeFileSync(stamp, lock);
  }
  return path.join(to, 'node_modules');
}
