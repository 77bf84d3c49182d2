/** What the rungs race on: the visitor's, or made here. */
import { byteCount } from '../ui.js';

const PICTURE_PIXELS_MAX = 2_000_000;
const PICTURE_BYTES_MAX = 200e6;
const NUMBERS = 5_000_000;
const READ_BYTES = 512 << 10;
const NOISE_BYTES = 128 << 20;

/** @typedef {{ width: number, height: number, pixels: Uint8Array, title: string }} PictureInput */
/** @typedef {{ numbers: Float64Array, title: string }} NumbersInput */
/** @typedef {{ source: Uint8Array | File, size: number, title: string }} BytesInput */

/** @param {number} width  @param {number} height */
function newContext(width, height) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
}

/** @param {CanvasRenderingContext2D} context  @param {string} title  @returns {PictureInput} */
function readContext(context, title) {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, pixels: new Uint8Array(data.buffer), title };
}

/** A piece of cloth: threads over and under each other. @returns {PictureInput} */
export function defaultPicture() {
  const context = newContext(1600, 1000);
  const colours = ['#1d3a8a', '#2aa7c9', '#f2a541', '#c8553d', '#f4f1de', '#3b0d2e'];
  context.fillStyle = '#0b1026';
  context.fillRect(0, 0, 1600, 1000);
  for (let row = 0; row < 25; row++) {
    for (let column = 0; column < 40; column++) {
      const over = (row + column) % 2 === 0;
      const wave = Math.sin(column / 5) * 3 + Math.cos(row / 4) * 3;
      context.fillStyle = colours[Math.abs(Math.floor((over ? row : column) / 2 + wave)) % colours.length];
      const [x, y] = [column * 40, row * 40];
      if (over) context.fillRect(x, y + 6, 40, 28);
      else context.fillRect(x + 6, y, 28, 40);
    }
  }
  context.font = 'bold 260px Georgia, serif';
  context.textAlign = 'center';
  context.fillStyle = '#ffffff';
  context.fillText('weft', 800, 580);
  return readContext(context, `a picture drawn here, ${1600} × ${1000}`);
}

/** @param {File} file  @returns {Promise<PictureInput>} */
export async function readPicture(file) {
  if (file.size === 0) throw new Error(`${file.name} is empty, so it is no picture`);
  if (file.size > PICTURE_BYTES_MAX) {
    throw new Error(`${file.name} has ${byteCount(file.size)}, which is too much for a picture; it can be hashed: choose BLAKE3`);
  }
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is no picture that this browser can read; choose BLAKE3 to hash it`);
  });
  const scale = Math.min(1, Math.sqrt(PICTURE_PIXELS_MAX / (bitmap.width * bitmap.height)));
  const context = newContext(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  context.drawImage(bitmap, 0, 0, context.canvas.width, context.canvas.height);
  bitmap.close();
  return readContext(context, `${file.name}, ${context.canvas.width} × ${context.canvas.height}`);
}

/** @returns {NumbersInput} */
export function makeNumbers() {
  let state = 0x9E3779B9;
  const numbers = Float64Array.from({ length: NUMBERS }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2C1B3C6D) + 0x6D2B79F5 | 0;
    return (state >>> 0) / 2 ** 32 + (Math.imul(state, 0x297A2D39) >>> 0) / 2 ** 64 - 0.5;
  });
  return { numbers, title: '5 million doubles in no order' };
}

/** @returns {BytesInput} */
export function makeBytes() {
  const words = new Uint32Array(NOISE_BYTES / 4);
  for (let i = 0, state = 1; i < words.length; i++) words[i] = state = Math.imul(state, 1664525) + 1013904223 | 0;
  return { source: new Uint8Array(words.buffer), size: NOISE_BYTES, title: `${byteCount(NOISE_BYTES)} made here` };
}

/** @param {File} file  @returns {BytesInput} */
export const readBytes = (file) => ({ source: file, size: file.size, title: `${file.name}, ${byteCount(file.size)}` });

/**
 * Reads into the same memory again and again, as weft does, where the browser can.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {{ reader: ReadableStreamGenericReader, read: () => Promise<ReadableStreamReadResult<Uint8Array>> }}
 */
function openStream(stream) {
  try {
    const reader = stream.getReader({ mode: 'byob' });
    let buffer = new ArrayBuffer(READ_BYTES);
    const read = async () => {
      const result = await reader.read(new Uint8Array(buffer));
      if (result.value) buffer = result.value.buffer;
      return result;
    };
    return { reader, read };
  } catch {
    const reader = stream.getReader();
    return { reader, read: () => reader.read() };
  }
}

/**
 * The pieces of an input, each in memory of its own and a multiple of 4 bytes long.
 *
 * @param {BytesInput} input  @param {number} bytes  of a piece; the last may be shorter
 * @returns {AsyncGenerator<{ words: Int32Array, bytes: number }>}
 */
export async function* piecesOf({ source, size }, bytes) {
  if (source instanceof Uint8Array) {
    for (let at = 0; at < size; at += bytes) {
      const length = Math.min(bytes, size - at);
      yield { words: new Int32Array(source.buffer, source.byteOffset + at, Math.ceil(length / 4)), bytes: length };
    }
    return;
  }
  const { reader, read } = openStream(source.stream());
  try {
    let words = new Int32Array(bytes / 4);
    let filled = 0;
    for (;;) {
      const { done, value } = await read();
      for (let from = 0; value && from < value.length;) {
        const part = value.subarray(from, from + bytes - filled);
        new Uint8Array(words.buffer).set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled < bytes) continue;
        yield { words, bytes };
        words = new Int32Array(bytes / 4);
        filled = 0;
      }
      if (done) break;
    }
    if (filled > 0) yield { words, bytes: filled };
  } finally {
    reader.cancel().catch(() => {});
  }
}
