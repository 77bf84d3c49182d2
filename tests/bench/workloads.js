// The workloads of the ladder: what they are, how speed is told, which rungs climb them.

import fs from 'node:fs';
import { messageRungs } from './rungs/messages.js';
import { nativeRungs } from './rungs/native.js';
import { startRungs } from './rungs/start.js';
import { sharedRung } from './rungs/team.js';
import { weftRungs } from './rungs/weft.js';
import { DOUBLES, FLOATS, QUEENS } from './work/inputs.js';
import { openSerial } from './work/serial.js';
import { VIEW } from './work/mandelbrot.js';
import { T1_COUNTS } from './work/uts.js';

const serialRung = {
  id: 'js',
  title: 'one thread of JS',
  open: (workload, input) => ({ ...openSerial[workload](input), threads: 1, close() {} }),
};

const isWeft = true;

/** Rungs 1 to 10, in order. */
export const rungs = [
  serialRung,
  ...messageRungs,
  sharedRung,
  ...weftRungs.map((rung) => ({ ...rung, isWeft })),
  ...nativeRungs.map((rung) => ({ ...rung, isWeft })),
];

/** The rungs of one workload. */
export const rungsOf = (workload) => (workload === 'start' ? startRungs : rungs);

/** Every id that --rungs takes. */
export const rungIds = [...new Set([...rungs, ...startRungs].map((rung) => rung.id))];

/**
 * `amount` per second is the speed, in `unit`; `seconds` is what the repeats of the
 * workload may take together; `clock` is what the times cover.
 */
export const workloads = {
  blake3: {
    title: 'BLAKE3 of a file',
    unit: 'MB/s',
    amount: ({ size }) => size / 1e6,
    seconds: 10,
    clock: 'From input in place to digest in the main thread. In place means: in memory (shared '
      + 'for SharedArrayBuffer, in 1 MiB parts for postMessage, in the runtime for weft); for '
      + 'forked processes in the file, which they read.',
    about: ({ file, size }) => `${file}, ${size} bytes`,
  },
  mandelbrot: {
    title: `Mandelbrot ${VIEW.width} x ${VIEW.height}, ${VIEW.maxIterations} iterations`,
    unit: 'Mpixel/s',
    amount: () => (VIEW.width * VIEW.height) / 1e6,
    seconds: 10,
    clock: 'From the call to the whole picture in the memory of the caller.',
    about: () => `left ${VIEW.left}, top ${VIEW.top}, step ${VIEW.step}`,
  },
  sort: {
    title: 'Sort 10 million doubles',
    unit: 'M/s',
    amount: () => DOUBLES / 1e6,
    seconds: 32,
    clock: 'From unsorted values in place (as for the sum) to one sorted array at the caller, '
      + 'merging included.',
    about: () => 'noise in [0, 1), the same for every rung',
  },
  sum: {
    title: 'Sum 10 million doubles',
    unit: 'M/s',
    amount: () => DOUBLES / 1e6,
    seconds: 8,
    clock: 'From values in place to their sum. In place means: in one array (JS, shared, weft, '
      + 'native), or in the buffers that are to be sent (postMessage, fork).',
    about: () => 'noise in [0, 1), the same for every rung',
  },
  uts: {
    title: 'UTS, tree T1',
    unit: 'Mnodes/s',
    amount: () => T1_COUNTS.nodes / 1e6,
    seconds: 14,
    clock: 'From the root to the counts; the parallel JS rungs open the first levels in the main '
      + 'thread and hand out the subtrees.',
    about: () => 'geometric, fixed shape, b0 4, depth 10, seed 19',
  },
  saxpy: {
    title: 'saxpy, 10 million floats',
    unit: 'M/s',
    amount: () => FLOATS / 1e6,
    seconds: 3,
    clock: 'From arrays in place to the changed array.',
    about: () => 'y = 1.5 x + y in single precision',
  },
  nqueens: {
    title: `n-queens, n = ${QUEENS}`,
    unit: 'boards/s',
    amount: () => 1,
    seconds: 3,
    clock: 'From the call to the count.',
    about: () => 'all solutions',
  },
  start: {
    title: 'Start: from the call that starts to the first result',
    unit: 'starts/s',
    amount: () => 1,
    seconds: 6,
    clock: 'In a fresh Node process each time, with the library imported, from the call that starts '
      + 'the workers to the sum of what all threads answered; reading and compiling the module '
      + 'included.',
    about: (input, { threads }) => `${threads} threads`,
  },
};

/** Whether a file can be hashed: a sentence that says why not, or null. */
export function fileComplaint(file) {
  let stat;
  try {
    stat = fs.statSync(file);
    fs.accessSync(file, fs.constants.R_OK);
  } catch (error) {
    return `cannot read ${file}: ${error.code}`;
  }
  if (!stat.isFile()) return `${file} is not a file`;
  if (stat.size < 65536) return `${file} has ${stat.size} bytes: too small to measure, 65536 needed`;
  if (stat.size > 2 ** 31 - 1) return `${file} is too large: up to 2 GiB fit into one array here`;
  return null;
}
