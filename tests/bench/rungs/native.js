// Rung 10: the kernels of weft as native code, in a process of ladder_native.c.

import { converse } from '../child.js';
import { findNative } from '../paths.js';
import { QUEENS, SAXPY_FACTOR } from '../work/inputs.js';
import { VIEW } from '../work/mandelbrot.js';

/** The arguments after WORKLOAD and THREADS. */
const argumentsFor = {
  blake3: ({ file }) => [file],
  sort: ({ file }) => [file],
  sum: ({ file }) => [file],
  saxpy: ({ file }) => [file, SAXPY_FACTOR],
  mandelbrot: () => [VIEW.width, VIEW.height, VIEW.left, VIEW.top, VIEW.step, VIEW.maxIterations],
  uts: () => [1],
  nqueens: () => [QUEENS],
};

/** What the text of a result means; arrays come as the BLAKE3 hash of their bytes. */
const parseResult = {
  blake3: String,
  sort: (text) => ({ hash: text }),
  sum: Number,
  saxpy: (text) => ({ hash: text }),
  mandelbrot: (text) => ({ hash: text }),
  uts(text) {
    const [nodes, depth, leaves] = text.split(' ').map(Number);
    return { nodes, depth, leaves };
  },
  nqueens: Number,
};

async function openNative(workload, input, { threads, command }) {
  const program = findNative();
  if (!program) return { skip: 'the native target is not built', missing: true };
  const values = [workload, threads, ...argumentsFor[workload](input)];
  const native = converse(program, values.map(String));
  const started = await native.ask('');
  return {
    threads: started.threads,
    // The program reads its own clock: the pipe to it is no part of the work.
    async run() {
      const answer = await native.ask(command);
      return { ms: answer.ns / 1e6, result: parseResult[workload](answer.result) };
    },
    timesItself: true,
    close() {
      native.child.stdin.end();
      return native.ended;
    },
  };
}

const nativeRung = (id, title, pick) => ({
  id,
  title,
  open: (workload, input, { threads }) => openNative(workload, input, pick(threads)),
});

export const nativeRungs = [
  nativeRung('native-serial', 'native, serial kernel', () => ({ threads: 1, command: 'serial' })),
  nativeRung('native-1', 'weft native', () => ({ threads: 1, command: 'parallel' })),
  nativeRung('native', 'weft native', (threads) => ({ threads, command: 'parallel' })),
];
