import { parentPort } from 'node:worker_threads';
import { readSync } from 'node:fs';
import { now } from '../src/node-io.js';
import { write } from '../src/node-write-rare.js';
import { runSmallThread } from '../src/program/small.js';

/** A worker of `weft run`: runs the program's main, or one of its threads after the other. */
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Waits where standard input does not. @param {Uint8Array} target */
function read(target) {
  for (;;) {
    try {
      return readSync(0, target);
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 4);
    }
  }
}

const host = { now, write, read, post: (/** @type {object} */ report) => port.postMessage(report) };

port.on('message', (message) => {
  if (message.settings.types) runSmallThread(host, message);
  else import('./run-worker-full.js').then(({ runFull }) => runFull(host, message));
});
