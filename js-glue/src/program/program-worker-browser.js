import { now, write } from '../browser-io.js';
import { serveProgram } from './serve.js';

/** A worker of runProgram in a browser. */
const scope = /** @type {any} */ (globalThis);
const serve = serveProgram({ now, write, post: (message) => scope.postMessage(message) });

scope.addEventListener('message', (/** @type {MessageEvent} */ { data }) => serve(data));
