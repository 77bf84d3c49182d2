// Where the build put a peer of the scheduler benchmark, and how it is started.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openChild } from '../child.js';

const FOLDER = 'tests/bench/scheduler';
const HOST = fileURLToPath(new URL('module_host.js', import.meta.url));

/** Where the build put a peer. @param {import('./peers.js').Peer} peer  @param {string} buildDir */
export function fileOf({ target, program }, buildDir) {
  const ending = { native: '', wasi: '.wasm', emscripten: '.js' }[target];
  return path.join(buildDir, target, FOLDER, `scheduler_${program}${ending}`);
}

/**
 * Starts a peer on so many threads.
 *
 * @param {import('./peers.js').Peer} peer
 * @param {number} threads
 * @param {string} buildDir
 */
export function openPeer(peer, threads, buildDir) {
  const file = fileOf(peer, buildDir);
  const start = `start ${threads} ${peer.variant ?? ''}`;
  return peer.target === 'native' ? openChild(file, [], start)
    : openChild(process.execPath, [HOST, file, String(peer.kind === 'weft' ? threads : 1)], start);
}
