// Does what the test asks for, each piece of it in a new worker (firefox-alone.js).

/** @param {string} name  @param {any[]} args */
function runInWorker(name, args) {
  const worker = new Worker(new URL('./page.js', import.meta.url), { type: 'module' });
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => resolve(data.outcome));
    worker.addEventListener('error', ({ message }) => resolve({ error: { message } }));
    worker.postMessage({ id: 1, name, args });
  }).finally(() => worker.terminate());
}

for (;;) {
  const { name, args } = await (await fetch('/work/next')).json();
  const outcome = await runInWorker(name, args);
  await fetch('/work/done', { method: 'POST', body: JSON.stringify(outcome) });
}
