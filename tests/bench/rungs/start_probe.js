// A fresh process that gets one way of running in parallel to its first result, with
// everything that is needed for it loaded on the clock. Writes {"ms":..., "result":...}.

const [kind, threadsText, modulePath, gluePath] = process.argv.slice(2);
const threads = Number(threadsText);

const first = (emitter, event) => new Promise((resolve, reject) => {
  emitter.once(event, resolve);
  emitter.once('error', reject);
});

/** Each way resolves with 1 + 2 + ... + threads, and closes afterwards. */
const ways = {
  async workers() {
    const { Worker } = await import('node:worker_threads');
    const url = new URL('./start_worker.js', import.meta.url);
    const workers = Array.from({ length: threads }, (_, i) => (
      new Worker(url, { workerData: i + 1 })));
    const answers = await Promise.all(workers.map((worker) => first(worker, 'message')));
    return { result: answers.reduce((a, b) => a + b), close: () => workers.map((w) => w.terminate()) };
  },
  async fork() {
    const { fork } = await import('node:child_process');
    const url = new URL('./start_process.js', import.meta.url);
    const children = Array.from({ length: threads }, (_, i) => fork(url, [String(i + 1)]));
    const answers = await Promise.all(children.map((child) => first(child, 'message')));
    return { result: answers.reduce((a, b) => a + b), close: () => children.map((c) => c.kill()) };
  },
  async weft() {
    const { createRuntime } = await import(gluePath);
    const rt = await createRuntime({ module: new URL(modulePath), threads });
    const xs = rt.array(Float64Array, threads);
    for (let i = 0; i < threads; i++) xs[i] = i + 1;
    return { result: await rt.call('weft_sum_f64', xs, threads), close: () => rt.close() };
  },
};

const start = performance.now();
const { result, close } = await ways[kind]();
const ms = performance.now() - start;
await close();
console.log(JSON.stringify({ ms, result }));
