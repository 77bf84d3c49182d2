// What the workloads work on: read or made once, the same for every rung.

import fs from 'node:fs';
import path from 'node:path';
import { wordsFor } from './blake3.js';
import { fillNoise } from './doubles.js';

export const DOUBLES = 10_000_000;
export const FLOATS = 10_000_000;
export const QUEENS = 13;
export const SAXPY_FACTOR = 1.5;
const NOISE_SEED = 20;

/** The file to hash, in memory, padded to whole words. */
function fileInput({ file }) {
  const size = fs.statSync(file).size;
  const buffer = new ArrayBuffer(Math.ceil(size / 4) * 4);
  const descriptor = fs.openSync(file, 'r');
  let done = 0;
  while (done < size) {
    const got = fs.readSync(descriptor, new Uint8Array(buffer), done, size - done, done);
    if (got === 0) throw new Error(`${file} became shorter while it was read`);
    done += got;
  }
  fs.closeSync(descriptor);
  return { file: path.resolve(file), size, buffer, words: wordsFor(buffer, size) };
}

/** The doubles, and a copy in a file for the native program. */
function doublesInput({ outDir }) {
  const xs = new Float64Array(DOUBLES);
  fillNoise(xs, NOISE_SEED);
  const file = path.join(outDir, 'noise.f64');
  fs.writeFileSync(file, xs);
  return { xs, file };
}

function saxpyInput({ outDir }) {
  const noise = new Float64Array(2 * FLOATS);
  fillNoise(noise, NOISE_SEED);
  const xs = Float32Array.from(noise.subarray(0, FLOATS));
  const ys = Float32Array.from(noise.subarray(FLOATS));
  const file = path.join(outDir, 'noise.f32');
  fs.writeFileSync(file, xs);
  fs.appendFileSync(file, ys);
  return { xs, ys, file };
}

/** Makes the input of one workload. */
export const makeInput = {
  blake3: fileInput,
  mandelbrot: () => ({}),
  sort: doublesInput,
  sum: doublesInput,
  uts: () => ({}),
  saxpy: saxpyInput,
  nqueens: () => ({}),
  start: () => ({}),
};
