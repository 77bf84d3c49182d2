// What the results are held against: programs and published numbers from outside,
// exact arithmetic, and the result of the first rung.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { blake3, wordsFor } from './work/blake3.js';
import { exactSum } from './work/doubles.js';
import { DOUBLES, QUEENS } from './work/inputs.js';
import { openSerial } from './work/serial.js';
import { QUEENS_COUNTS } from './work/small.js';
import { T1_COUNTS } from './work/uts.js';

/** A bound on the error of adding n values of [0, 1) in chains and blocks: n/8 roundings. */
const SUM_TOLERANCE = (DOUBLES / 8) * 2 ** -53;

const bytesOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** The BLAKE3 hash of an array, as the native program tells it. */
function hashOf(array) {
  return blake3(wordsFor(array.buffer, array.byteLength), array.byteLength);
}

/** Compares an array, or the hash of one, with the expected array. */
function arrayCheck(expected, source) {
  let hash;
  return {
    source,
    check(result) {
      if (result.hash === undefined) {
        return bytesOf(result).equals(bytesOf(expected)) ? null : 'differs from the first rung';
      }
      hash ??= hashOf(expected);
      return result.hash === hash ? null : `has hash ${result.hash}, expected ${hash}`;
    },
  };
}

function firstRung(workload, input) {
  const session = openSerial[workload](input);
  session.reset?.();
  return session.run();
}

/** Why `sorted` is not the sorted form of `xs`, or null; needs no other sort. */
function sortComplaint(sorted, xs) {
  for (let i = 1; i < sorted.length; i++) {
    if (!(sorted[i - 1] <= sorted[i])) return `is out of order at index ${i}`;
  }
  // The same values in any order have the same sum and the same sum of mixed bits.
  const print = (values) => {
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    let mixed = 0;
    for (let i = 0; i < words.length; i += 2) {
      const h = Math.imul(words[i] ^ Math.imul(words[i + 1], 0x9E3779B1), 0x85EBCA6B);
      mixed = (mixed + (h ^ (h >>> 15))) | 0;
    }
    return `${exactSum(values)} ${mixed}`;
  };
  return print(sorted) === print(xs) ? null : 'does not hold the values of the input';
}

async function b3sum(file) {
  try {
    const { stdout } = await promisify(execFile)('b3sum', ['--no-names', file]);
    return stdout.trim();
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** A check that every rung gives exactly this. */
function equalCheck(expected, source, show = String) {
  return {
    source,
    check: (result) => (show(result) === show(expected) ? null
      : `is ${show(result)}, expected ${show(expected)}`),
  };
}

/** By workload: resolves with `source` (what is compared with) and `check(result, rung)`. */
export const makeReference = {
  async blake3(input) {
    const digest = await b3sum(input.file);
    return digest ? equalCheck(digest, `b3sum: ${digest}`)
      : equalCheck(firstRung('blake3', input), 'the first rung only: b3sum is not installed');
  },

  async mandelbrot(input) {
    const image = firstRung('mandelbrot', input);
    return { ...arrayCheck(image, 'every pixel of the first rung'), image };
  },

  async sort(input) {
    const sorted = firstRung('sort', input);
    const complaint = sortComplaint(sorted, input.xs);
    if (complaint) throw new Error(`Float64Array.prototype.sort: the result ${complaint}`);
    return arrayCheck(sorted, 'in order, same values as the input; every bit of the first rung');
  },

  async sum({ xs }) {
    const exact = exactSum(xs);
    let ofWeft; // all rungs of weft must have the same bits
    return {
      source: `the exact sum ${exact}, off by at most ${SUM_TOLERANCE.toExponential(1)} of it; `
        + 'weft bit-equal',
      check(result, rung) {
        if (!(Math.abs(result - exact) <= SUM_TOLERANCE * exact)) return `is ${result}`;
        if (!rung.isWeft) return null;
        ofWeft ??= result;
        return Object.is(result, ofWeft) ? null : `is ${result}, another weft rung ${ofWeft}`;
      },
    };
  },

  uts: async () => equalCheck(T1_COUNTS, 'the published counts of T1',
    ({ nodes, depth, leaves }) => `${nodes} nodes, depth ${depth}, ${leaves} leaves`),

  saxpy: async (input) => arrayCheck(firstRung('saxpy', input), 'every bit of the first rung'),

  nqueens: async () => equalCheck(QUEENS_COUNTS[QUEENS], 'the published number of solutions'),

  start: async (input, { threads }) => (
    equalCheck((threads * (threads + 1)) / 2, 'the answers of all threads')),
};
