import { parentPort } from 'node:worker_threads';
import { now } from '../node-io.js';
import { write } from '../node-write-rare.js';
import { serveProgram } from './serve.js';

/** A worker of runProgram in Node. */
const port = /** @type {any} */ (parentPort);

port.on('message', serveProgram({ now, write, post: (message) => port.postMessage(message) }));
