// What the browser tests measure.

const IMAGES = 12;
/** Engines compile twice; threads wake up. */
const WARM_UP = 3;
export const IMAGE = { width: 600, height: 400, left: -2, top: -1, step: 2.5 / 600, limit: 2000 };

const quantile = (values, part) => values.sort((a, b) => a - b)[Math.floor(values.length * part)];
/** Longer than a worker spins; then it sleeps. */
const PAUSE_MS = 20;
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** @param {Function} createRuntime  @param {URL} functions */
export function makeMeasures(createRuntime, functions) {
  return {
    /** The longest time between two frames while every worker is busy. */
    gap: async (threads, ms) => {
      const rt = await createRuntime({ module: functions, threads, memoryBytes: 64 * 2 ** 20 });
      const entered = rt.array(Int32Array, 1);
      const controller = new AbortController();
      const busy = rt.with({ signal: controller.signal });
      const calls = Array.from({ length: threads }, () => busy.call('wait_until_cancelled', entered).catch(() => {}));
      while (Atomics.load(entered, 0) < threads) await frame();
      const tasks = [];
      const observer = globalThis.PerformanceObserver?.supportedEntryTypes?.includes('longtask')
        ? new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))) : undefined;
      observer?.observe({ type: 'longtask' });
      let longest = 0;
      let frames = 0;
      const start = performance.now();
      for (let last = await frame(), time = last; time - start < ms; last = time, frames++) {
        time = await frame();
        longest = Math.max(longest, time - last);
      }
      controller.abort();
      await Promise.all(calls);
      await rt.close();
      observer?.disconnect();
      return { longest, frames, longTasks: observer ? tasks : undefined };
    },

    /** Microseconds of a call, and of the least that it takes: a wake-up there and back. */
    latency: async (rounds) => {
      const rt = await createRuntime({ module: functions, threads: 1, memoryBytes: 64 * 2 ** 20 });
      const calls = await time(rounds, () => rt.call('echo_i32', 1));
      await rt.close();
      const echo = await startEcho();
      const bare = await time(rounds, echo.ask);
      echo.end();
      return { call: calls, bare };
    },

    /** The same after a pause, in which the worker has gone to sleep, one call at a time in turn. */
    latencyAfterPause: async (rounds) => {
      const rt = await createRuntime({ module: functions, threads: 1, memoryBytes: 64 * 2 ** 20 });
      const echo = await startEcho();
      const messages = new Worker(new URL('./message-worker.js', import.meta.url), { type: 'module' });
      const actions = {
        call: () => rt.call('echo_i32', 1),
        bare: echo.ask,
        message: () => new Promise((resolve) => {
          messages.addEventListener('message', resolve, { once: true });
          messages.postMessage(1);
        }),
      };
      const times = Object.fromEntries(Object.keys(actions).map((name) => [name, []]));
      const { parks } = rt.stats().workers[0];
      for (let i = 0; i < WARM_UP + rounds; i++) {
        for (const [name, action] of Object.entries(actions)) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          const start = performance.now();
          await action();
          if (i >= WARM_UP) times[name].push((performance.now() - start) * 1000);
        }
      }
      const slept = (rt.stats().workers[0].parks - parks) / (WARM_UP + rounds);
      messages.terminate();
      echo.end();
      await rt.close();
      const of = (values) => ({ p50: quantile(values, 0.5), p95: quantile(values, 0.95) });
      return { slept, ...Object.fromEntries(Object.entries(times).map(([name, values]) => [name, of(values)])) };
    },

    /** Hashes the file that an input of the page holds; `hashedBytes` says how far it is. */
    hashFile: async (threads) => {
      const rt = await createRuntime({ threads, memoryBytes: 64 * 2 ** 20 });
      const begin = performance.now();
      const digest = await rt.hash(document.querySelector('input').files[0], { onProgress: ({ done }) => { globalThis.hashedBytes = done; } });
      const ms = performance.now() - begin;
      await rt.close();
      return { digest, ms, memoryBytes: 64 * 2 ** 20 };
    },

    /** Milliseconds of an image on one thread and on all. */
    mandelbrot: async (threads) => {
      const result = {};
      for (const count of [1, threads]) {
        const begin = performance.now();
        const rt = await createRuntime({ threads: count, memoryBytes: 64 * 2 ** 20 });
        const started = performance.now() - begin;
        const { width, height, left, top, step, limit } = IMAGE;
        const image = rt.array(Uint16Array, width * height);
        const times = [];
        for (let i = 0; i < IMAGES; i++) {
          const start = performance.now();
          await rt.call('weft_mandelbrot', image, width, height, left, top, step, limit);
          times.push(performance.now() - start);
        }
        result[count] = { first: times[0], times: times.slice(WARM_UP), started };
        await rt.close();
      }
      return result;
    },
  };
}

/** A worker that sleeps on a word and answers on another. */
async function startEcho() {
  const words = new Int32Array(new SharedArrayBuffer(128));
  const worker = new Worker(new URL('./echo-worker.js', import.meta.url), { type: 'module' });
  worker.postMessage(words);
  await new Promise((resolve) => worker.addEventListener('message', resolve, { once: true }));
  let round = 0;
  return {
    ask() {
      const wait = Atomics.waitAsync(words, 16, round);
      Atomics.store(words, 0, ++round);
      Atomics.notify(words, 0);
      return wait.async ? wait.value : undefined;
    },
    end: () => worker.terminate(),
  };
}

async function time(rounds, action) {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    for (let j = 0; j < 10; j++) await action(); // browsers round the clock to some microseconds
    times.push((performance.now() - start) * 100);
  }
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}
