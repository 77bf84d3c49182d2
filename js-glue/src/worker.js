import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { now } from './node-io.js';
import { write } from './node-write-rare.js';
import { runThread } from './thread.js';

/** In a worker of the `wasi` flavour in Node: runs one thread after the other. */
export function serve() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const host = { write, now, post: port.postMessage.bind(port) };
  /** @param {any} message */
  const hear = (message) => {
    if (message?.type === 'weft:start') runThread(host, message);
  };
  port.on('message', hear);
  let thrown = false; // the main thread hears of what nobody catches, and that is why it ends
  process.on('uncaughtExceptionMonitor', () => {
    thrown = true;
  });
  process.on('exit', (code) => {
    if (thrown) return;
    const { name, message, stack } = new Error(`process.exit(${code}) was called`);
    host.post({ type: 'weft:exiting', code, error: { name, message, stack } });
  });
  // Mostly the first thread has come while this worker booted: it need not wait for the event loop,
  // where the garbage of the boot would be collected first.
  hear(receiveMessageOnPort(port)?.message);
}
