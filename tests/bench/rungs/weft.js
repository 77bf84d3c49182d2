// Rungs 7 to 9: the kernels of weft as WebAssembly, through the package as a user has it.

import { GLUE, findModule } from '../paths.js';
import { QUEENS, SAXPY_FACTOR } from '../work/inputs.js';
import { VIEW } from '../work/mandelbrot.js';

const UTS_T1 = 1;

/** An array of the runtime with the contents of another one. */
function load(rt, source) {
  const array = rt.array(source.constructor, source.length);
  array.set(source);
  return array;
}

function checkStatus(status) {
  if (status !== 0) throw new Error(`the kernel returned status ${status}`);
}

/** By workload: puts the input where it belongs; `call(name, ...)` adds the twin's suffix. */
const calls = {
  blake3(rt, call, { buffer, size }) {
    const bytes = load(rt, new Uint8Array(buffer, 0, size));
    const digest = rt.array(Uint8Array, 32);
    return {
      async run() {
        await call('weft_blake3', bytes, bytes.length, digest);
        return Buffer.from(digest).toString('hex');
      },
    };
  },
  mandelbrot(rt, call) {
    const { width, height, left, top, step, maxIterations } = VIEW;
    const image = rt.array(Uint16Array, width * height);
    return {
      async run() {
        await call('weft_mandelbrot', image, width, height, left, top, step, maxIterations);
        return image;
      },
    };
  },
  sort(rt, call, input) {
    const xs = load(rt, input.xs);
    return {
      reset: () => xs.set(input.xs),
      async run() {
        checkStatus(await call('weft_sort_f64', xs, xs.length));
        return xs;
      },
    };
  },
  sum(rt, call, input) {
    const xs = load(rt, input.xs);
    return { run: () => call('weft_sum_f64', xs, xs.length) };
  },
  uts(rt, call) {
    const out = rt.array(BigUint64Array, 3);
    return {
      async run() {
        checkStatus(await call('weft_uts', UTS_T1, out));
        return { nodes: Number(out[0]), depth: Number(out[1]), leaves: Number(out[2]) };
      },
    };
  },
  saxpy(rt, call, input) {
    const xs = load(rt, input.xs);
    const ys = load(rt, input.ys);
    return {
      reset: () => ys.set(input.ys),
      async run() {
        await call('weft_saxpy', SAXPY_FACTOR, xs, ys, ys.length);
        return ys;
      },
    };
  },
  nqueens: (rt, call) => ({ run: async () => Number(await call('weft_nqueens', QUEENS)) }),
};

async function openWeft(workload, input, { flavour, threads, serial }) {
  const module = findModule(flavour);
  if (!module) return { skip: `the ${flavour} target is not built`, missing: true };
  const { createRuntime } = await import(GLUE);
  const rt = await createRuntime({ module, threads });
  try {
    const call = (name, ...values) => rt.call(serial ? `${name}_serial` : name, ...values);
    const session = calls[workload](rt, call, input);
    return { ...session, threads: rt.info.threads, close: () => rt.close() };
  } catch (error) {
    await rt.close();
    throw error;
  }
}

const weftRung = (id, title, flavour, pick) => ({
  id,
  title,
  open: (workload, input, { threads }) => (
    openWeft(workload, input, { flavour, ...pick(threads) })),
});

export const weftRungs = [
  weftRung('wasm', 'wasm, serial kernel', 'wasi', () => ({ threads: 1, serial: true })),
  weftRung('wasi-1', 'weft wasi', 'wasi', () => ({ threads: 1 })),
  weftRung('wasi', 'weft wasi', 'wasi', (threads) => ({ threads })),
  weftRung('emscripten', 'weft emscripten', 'emscripten', (threads) => ({ threads })),
];
