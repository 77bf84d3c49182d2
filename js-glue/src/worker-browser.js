/** A worker of the `wasi` flavour in a browser: runs one thread after the other. */
import { flush, now, write } from './browser-io.js';
import { runThread } from './thread.js';

const scope = /** @type {any} */ (globalThis);

const host = {
  write,
  now,
  /** @param {any} message */
  post(message) {
    flush(); // the last words of a thread that has failed, or ended
    scope.postMessage(message);
  },
};

/**
 * Holds a lock for as long as this worker lives: a browser tells nobody when a worker has
 * ended. Resolves once it is held; without locks, or in a page that has none, at once.
 *
 * @returns {Promise<string | undefined>}  its name
 */
function hold() {
  const name = `weft ${scope.crypto.randomUUID?.()}`;
  return new Promise((resolve) => {
    const held = () => new Promise(() => resolve(name));
    Promise.resolve(scope.navigator.locks?.request(name, held)).then(() => resolve(undefined), () => resolve(undefined));
  });
}

/** @param {unknown} reason */
function refuse(reason) {
  const { name, message, stack } = new Error(`the worker got a message that it cannot read: ${reason}`);
  host.post({ type: 'weft:failed', argument: 0, error: { name, message, stack } });
}

const holding = hold();

scope.addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
  // The lock first: a thread never comes back to the event loop on which it would arrive.
  if (data?.type === 'weft:start') holding.then(() => runThread(host, data));
});
scope.addEventListener('messageerror', () => refuse('this host does not share memory with it'));

holding.then((lock) => host.post({ type: 'weft:loaded', lock }));
