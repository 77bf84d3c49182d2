import { parentPort } from 'node:worker_threads';
import { now, write } from '../src/node-io.js';
import { nodeFiles } from '../src/program/node-files.js';
import { runProgramThread } from '../src/program/thread.js';

/** A worker of `weft run`: runs the program's main, or one of its threads after the other. */
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const host = { now, write, files: nodeFiles, post: (/** @type {object} */ message) => port.postMessage(message) };

port.on('message', (message) => runProgramThread(host, message));
