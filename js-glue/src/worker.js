import { parentPort } from 'node:worker_threads';
import { now } from './node-io.js';
import { write } from './node-write-rare.js';
import { runThread } from './thread.js';

/** In a worker of the `wasi` flavour in Node: runs one thread after the other. */
export function serve() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const host = { write, now, post: port.postMessage.bind(port) };
  port.on('message', (message) => {
    if (message?.type === 'weft:start') runThread(host, message);
  });
  let thrown = false; // the main thread hears of what nobody catches, and that is why it ends
  process.on('uncaughtExceptionMonitor', () => {
    thrown = true;
  });
  process.on('exit', (code) => {
    if (thrown) return;
    const { name, message, stack } = new Error(`process.exit(${code}) was called`);
    host.post({ type: 'weft:exiting', code, error: { name, message, stack } });
  });
  port.postMessage({ type: 'weft:loaded' });
}
