// What every peer runs in its workers: the same plain functions for all of them.

import { VIEW, drawRows } from '../work/mandelbrot.js';

export function empty() {}

/** Doubles an array where it lies. */
export function double(values) {
  for (let i = 0; i < values.length; i++) values[i] *= 2;
}

/** Doubles a part of an array where it lies. */
export function doubleSlice(first, last, values) {
  for (let i = first; i < last; i++) values[i] *= 2;
}

/** Doubles an array that has come by message, and sends it back. */
export function doubled(values) {
  double(values);
  return values;
}

/** Draws rows of the Mandelbrot set. */
export function draw(first, last, counts) {
  drawRows(counts.subarray(first * VIEW.width), first, last);
}

/** Answers only once all of `count` workers are here. */
export function meet(words, count) {
  if (Atomics.add(words, 0, 1) + 1 === count) Atomics.notify(words, 0);
  for (let seen; (seen = Atomics.load(words, 0)) < count;) {
    if (Atomics.wait(words, 0, seen, 20_000) === 'timed-out') throw new Error(`${seen} of ${count} workers came`);
  }
}

export const add = (a, b) => a + b;

export function fail() {
  throw new RangeError('thrown by the task');
}

export function exit() {
  process.exit(3);
}

export function loop() {
  for (;;);
}

export function exhaust() {
  const kept = [];
  for (;;) kept.push(new Array(1000).fill(kept.length));
}
