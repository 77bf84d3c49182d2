// A fresh process that gets one way of running in parallel to its first result. The library
// is imported before the clock starts; the module of weft is read and compiled on it. Writes
// {"ms":..., "loadMs":..., "result":...}.

const [kind, threadsText, modulePath, gluePath] = process.argv.slice(2);
const threads = Number(threadsText);

const first = (emitter, event) => new Promise((resolve, reject) => {
  emitter.once(event, resolve);
  emitter.once('error', reject);
});

/** Each way loads its library and returns what resolves with 1 + 2 + ... + threads. */
const ways = {
  async workers() {
    const { Worker } = await import('node:worker_threads');
    const url = new URL('./start_worker.js', import.meta.url);
    return async () => {
      const workers = Array.from({ length: threads }, (_, i) => (
        new Worker(url, { workerData: i + 1 })));
      const answers = await Promise.all(workers.map((worker) => first(worker, 'message')));
      return { result: answers.reduce((a, b) => a + b), close: () => workers.map((w) => w.terminate()) };
    };
  },
  async fork() {
    const { fork } = await import('node:child_process');
    const url = new URL('./start_process.js', import.meta.url);
    return async () => {
      const children = Array.from({ length: threads }, (_, i) => fork(url, [String(i + 1)]));
      const answers = await Promise.all(children.map((child) => first(child, 'message')));
      return { result: answers.reduce((a, b) => a + b), close: () => children.map((c) => c.kill()) };
    };
  },
  async weft() {
    const { createRuntime } = await import(gluePath);
    return async () => {
      const rt = await createRuntime({ module: new URL(modulePath), threads });
      const xs = rt.array(Float64Array, threads);
      for (let i = 0; i < threads; i++) xs[i] = i + 1;
      return { result: await rt.call('weft_sum_f64', xs, threads), close: () => rt.close() };
    };
  },
};

const begin = performance.now();
const run = await ways[kind]();
const start = performance.now();
const { result, close } = await run();
const ms = performance.now() - start;
await close();
console.log(JSON.stringify({ ms, loadMs: start - begin, result }));
