import { createRuntime } from '../../../../js-glue/dist/index.js';
import { VIEW } from '../../work/mandelbrot.js';

const BUILD = process.env.WEFT_BENCH_BUILD;
const MODULE = `${BUILD}/wasi/tests/bench/js/bench_js.wasm`;
const TASKS = new URL('../tasks.js', import.meta.url);

export async function open({ threads }) {
  const rt = await createRuntime({ module: MODULE, threads });
  const tasks = await rt.load(TASKS);
  return {
    rt,
    run: (name, args, { timeoutMs } = {}) => (
      timeoutMs ? rt.with({ timeoutMs }).call(tasks[name], ...args) : rt.call(tasks[name], ...args)),
    array: (Type, length) => rt.array(Type, length),
    draw: (counts) => rt.forEach(VIEW.height, tasks.draw, counts),
    close: () => rt.close({ cancel: true }),
  };
}

/** The same runtime, called in C. */
export async function openC({ threads }) {
  const rt = await createRuntime({ module: MODULE, threads });
  const names = { empty: 'bench_empty' };
  return {
    rt,
    run: (name, args) => (name === 'double' ? rt.call('bench_double', ...args, args[0].length) : rt.call(names[name])),
    array: (Type, length) => rt.array(Type, length),
    close: () => rt.close({ cancel: true }),
  };
}

/** A loop in JavaScript over the array. */
export async function openLoop({ threads }) {
  const { rt, array, close } = await open({ threads });
  const tasks = await rt.load(TASKS);
  return { rt, array, close, run: (name, [values]) => rt.forEach(values.length, tasks.doubleSlice, values) };
}

/** callSync: the calling thread waits, or does it itself. */
export async function openSync({ threads }) {
  const rt = await createRuntime({ module: MODULE, threads });
  return { rt, runSync: () => rt.callSync('bench_empty'), close: () => rt.close() };
}
