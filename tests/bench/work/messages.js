// Each workload as pieces that travel by message: to processes (`fork`) and to workers
// (`postMessage`). A plan lives in the main thread, `doPiece` runs on the other side.

import { joinSubtrees, hashSubtree, readRange, subtrees, wordsFor } from './blake3.js';
import { mergeAll, runBounds, sum } from './doubles.js';
import { BAND_ROWS, VIEW, drawRows } from './mandelbrot.js';
import { STATE_WORDS, addCounts, countSubtree, expand } from './uts.js';

const SUM_PIECES = 64;
const UTS_PIECES_PER_THREAD = 16;

/** Copies the parts of an array into buffers of their own, as a message needs them. */
function cut(xs, parts) {
  const bounds = runBounds(xs.length, parts);
  return Array.from({ length: parts }, (_, i) => xs.slice(bounds[i], bounds[i + 1]));
}

/**
 * Plans by workload. `plan(input, threads, how)` gives
 *   pieces()   the messages of one run
 *   reset()    makes the parts as they were (not on the clock)
 *   join(list) the result, from the answers in the order of the pieces
 * `how` is 'process' or 'worker'. Buffers that were transferred come back with the
 * answers and replace the parts that they were.
 */
export const plans = {
  blake3({ file, words, size }, threads, how) {
    const trees = subtrees(size);
    const bytes = new Uint8Array(words.buffer);
    // Processes read their ranges of the file, workers get parts of what is in memory.
    const parts = how === 'process' ? null : trees.map(
      ({ offset, length }) => bytes.slice(offset, offset + Math.ceil(length / 4) * 4));
    return {
      pieces: () => trees.map(({ offset, length, firstChunk }, i) => (
        parts ? { bytes: parts[i], length, firstChunk } : { file, offset, length, firstChunk })),
      join(answers) {
        if (parts) answers.forEach((answer, i) => { parts[i] = answer.bytes ?? parts[i]; });
        const cvs = new Int32Array(8 * answers.length);
        answers.forEach((answer, i) => cvs.set(answer.cv, 8 * i));
        return joinSubtrees(cvs);
      },
    };
  },

  mandelbrot() {
    const image = new Uint16Array(VIEW.width * VIEW.height);
    const firsts = Array.from({ length: VIEW.height / BAND_ROWS }, (_, i) => i * BAND_ROWS);
    return {
      pieces: () => firsts.map((first) => ({ first, last: first + BAND_ROWS })),
      join(answers) {
        answers.forEach(({ rows }, i) => image.set(rows, firsts[i] * VIEW.width));
        return image;
      },
    };
  },

  sort({ xs }, threads) {
    let parts = [];
    return {
      reset() { parts = cut(xs, threads); },
      pieces: () => parts.map((part) => ({ xs: part })),
      join: (answers) => mergeAll(answers.map((answer) => answer.xs)),
    };
  },

  sum({ xs }) {
    const parts = cut(xs, SUM_PIECES);
    return {
      pieces: () => parts.map((part) => ({ xs: part })),
      join(answers) {
        answers.forEach((answer, i) => { parts[i] = answer.xs ?? parts[i]; });
        return answers.reduce((total, answer) => total + answer.sum, 0);
      },
    };
  },

  uts(input, threads) {
    let counts;
    return {
      pieces() {
        const opened = expand(UTS_PIECES_PER_THREAD * threads);
        counts = opened.counts;
        return Array.from({ length: opened.states.length / STATE_WORDS }, (_, i) => (
          { state: opened.states.slice(i * STATE_WORDS, (i + 1) * STATE_WORDS) }));
      },
      join: (answers) => answers.reduce(addCounts, counts),
    };
  },
};

/** Does one piece. What came by transfer goes back: it is the caller's memory. */
export const doPiece = {
  blake3({ file, offset, bytes, length, firstChunk }, returnInput) {
    const buffer = bytes ? bytes.buffer : readRange(file, offset, length);
    const cv = new Int32Array(8);
    hashSubtree(wordsFor(buffer, length), 0, length, firstChunk, cv, 0);
    return returnInput ? { cv, bytes } : { cv };
  },
  mandelbrot({ first, last }) {
    const rows = new Uint16Array((last - first) * VIEW.width);
    drawRows(rows, first, last);
    return { rows };
  },
  sort: ({ xs }) => ({ xs: xs.sort() }),
  sum({ xs }, returnInput) {
    const answer = { sum: sum(xs, 0, xs.length) };
    return returnInput ? { ...answer, xs } : answer;
  },
  uts: ({ state }) => countSubtree(state, 0),
};

/** The buffers that a message may hand over instead of copying. */
export function buffersOf(message) {
  return [message.bytes, message.xs, message.rows].filter(Boolean).map((view) => view.buffer);
}
