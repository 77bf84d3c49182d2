// Runs what the test asks for by `run(name, ...)`, in the page or in a dedicated worker.

// Not a static import: scenes.js awaits, and a worker loses the messages that come meanwhile.
const loading = import('./scenes.js');

/** What went wrong, as plain data. */
const plain = (error) => ({
  name: String(error?.name), code: error?.code, message: String(error?.message ?? error), stack: String(error?.stack),
});

/** @returns {Promise<{ value?: any, error?: object }>} */
globalThis.run = (name, ...args) => loading.then(({ scenes }) => scenes[name](...args))
  .then((value) => ({ value }), (error) => ({ error: plain(error) }));

if (globalThis.document) {
  let worker;
  let calls = 0;
  globalThis.runInWorker = (name, ...args) => new Promise((resolve) => {
    worker ??= new Worker(new URL('./page.js', import.meta.url), { type: 'module' });
    const id = ++calls;
    worker.addEventListener('message', ({ data }) => {
      if (data.id === id) resolve(data.outcome);
    });
    worker.addEventListener('error', (event) => resolve({ error: plain(event) }));
    worker.postMessage({ id, name, args });
  });
  loading.then(() => {
    document.querySelector('#state').textContent = 'ready';
  });
} else {
  globalThis.addEventListener('message', async ({ data: { id, name, args } }) => {
    globalThis.postMessage({ id, outcome: await globalThis.run(name, ...args) });
  });
}
