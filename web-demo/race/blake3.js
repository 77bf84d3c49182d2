/** BLAKE3 in JavaScript (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020), by subtrees that can be hashed anywhere. */
import { compress } from './blake3-compress.js';

const CHUNK_BYTES = 1024;
const BLOCK_BYTES = 64;
export const SUBTREE_BYTES = 1 << 20;
const IV = Int32Array.of(
  0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19);
const FLAG = { CHUNK_START: 1, CHUNK_END: 2, PARENT: 4, ROOT: 8 };

const lastBlock = new Int32Array(BLOCK_BYTES / 4);
const stack = new Int32Array(8 * 16);

/** The chaining value of a chunk, to cv[at..at+7]. */
function hashChunk(/** @type {Int32Array} */ words, /** @type {number} */ start, /** @type {number} */ bytes, /** @type {number} */ chunk, /** @type {number} */ root, /** @type {Int32Array} */ cv, /** @type {number} */ at) {
  cv.set(IV, at);
  let flags = FLAG.CHUNK_START;
  let done = 0;
  for (; bytes - done > BLOCK_BYTES; done += BLOCK_BYTES) {
    compress(cv, at, words, (start + done) >> 2, chunk, BLOCK_BYTES, flags);
    flags = 0;
  }
  lastBlock.fill(0);
  new Uint8Array(lastBlock.buffer).set(new Uint8Array(words.buffer, words.byteOffset + start + done, bytes - done));
  compress(cv, at, lastBlock, 0, chunk, bytes - done, flags | FLAG.CHUNK_END | root);
}

/** Takes the two topmost values of the stack for their parent. @param {number} top */
function mergeTop(top) {
  const spare = stack.length - 8;
  stack.set(IV, spare);
  compress(stack, spare, stack, 8 * (top - 2), 0, BLOCK_BYTES, FLAG.PARENT);
  stack.copyWithin(8 * (top - 2), spare, spare + 8);
  return top - 1;
}

/**
 * The chaining value of a subtree that is not all of the input.
 *
 * @param {Int32Array} words  that begin with it  @param {number} bytes
 * @param {number} firstChunk  its number in the input
 * @returns {Int32Array}
 */
export function hashSubtree(words, bytes, firstChunk) {
  let top = 0;
  for (let i = 0, done = 0; done < bytes; i++, done += CHUNK_BYTES) {
    hashChunk(words, done, Math.min(CHUNK_BYTES, bytes - done), firstChunk + i, 0, stack, 8 * top++);
    for (let n = i + 1; (n & 1) === 0; n >>= 1) top = mergeTop(top);
  }
  while (top > 1) top = mergeTop(top);
  return stack.slice(0, 8);
}

/** @param {Int32Array[]} values  of subtrees, in order  @param {number} flag  @returns {Int32Array} */
function merge(values, flag) {
  if (values.length === 1) return values[0];
  const left = 1 << (31 - Math.clz32(values.length - 1));
  const pair = new Int32Array(16);
  pair.set(merge(values.slice(0, left), 0), 0);
  pair.set(merge(values.slice(left), 0), 8);
  const parent = Int32Array.from(IV);
  compress(parent, 0, pair, 0, 0, BLOCK_BYTES, FLAG.PARENT | flag);
  return parent;
}

/** @param {Int32Array} cv */
const hex = (cv) => Array.from(new Uint8Array(cv.buffer, cv.byteOffset, 32), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The digest. @param {Int32Array[]} values  of the subtrees that `cut` gives */
export const join = (values) => hex(merge(values, FLAG.ROOT));

/** The digest of at most one chunk. @param {Int32Array} words  @param {number} bytes */
export function hashSmall(words, bytes) {
  const cv = new Int32Array(8);
  hashChunk(words, 0, bytes, 0, FLAG.ROOT, cv, 0);
  return hex(cv);
}

/** How to cut an input of more than one chunk: into equal subtrees, the last shorter. @param {number} size */
export function subtreeBytes(size) {
  let bytes = SUBTREE_BYTES;
  while (bytes >= size && bytes > CHUNK_BYTES) bytes >>= 1;
  return bytes;
}
