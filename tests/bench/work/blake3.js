// BLAKE3 in JavaScript, cut so that subtrees can be hashed anywhere.
// Written from the BLAKE3 paper (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020).
// Reads 32-bit words in the host's byte order, which is little-endian wherever Node runs.

import fs from 'node:fs';
import { makeBlake3Compress } from './hash_code.js';

const CHUNK_BYTES = 1024;
const BLOCK_BYTES = 64;
const SUBTREE_BYTES = 1 << 20; // one piece of work: 1024 chunks
const IV = Int32Array.of(
  0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19);
const FLAG = { CHUNK_START: 1, CHUNK_END: 2, PARENT: 4, ROOT: 8 };

const compress = makeBlake3Compress();
const lastBlock = new Int32Array(BLOCK_BYTES / 4);
const stack = new Int32Array(8 * 64); // chaining values, one per level, then one to work on

/** Copies the bytes of a block that is not full into a zeroed one. */
function padBlock(words, byteOffset, length) {
  lastBlock.fill(0);
  const from = new Uint8Array(words.buffer, words.byteOffset + byteOffset, length);
  new Uint8Array(lastBlock.buffer).set(from);
}

/** The chaining value of one chunk, written to cv[at..at+7]. */
function hashChunk(words, byteOffset, length, chunk, rootFlag, cv, at) {
  cv.set(IV, at);
  let flags = FLAG.CHUNK_START;
  let done = 0;
  for (; length - done > BLOCK_BYTES; done += BLOCK_BYTES) {
    compress(cv, at, words, (byteOffset + done) >> 2, chunk, BLOCK_BYTES, flags);
    flags = 0;
  }
  flags |= FLAG.CHUNK_END | rootFlag;
  if (length - done === BLOCK_BYTES) {
    compress(cv, at, words, (byteOffset + done) >> 2, chunk, BLOCK_BYTES, flags);
  } else {
    padBlock(words, byteOffset + done, length - done);
    compress(cv, at, lastBlock, 0, chunk, length - done, flags);
  }
}

/** Replaces the children at words[from..from+15] by their parent at cv[at..at+7]. */
function hashParent(words, from, rootFlag, cv, at) {
  compress(cv, at, words, from, 0, BLOCK_BYTES, FLAG.PARENT | rootFlag);
}

/** Merges the two topmost values of the stack; `top` counts the values on it. */
function mergeTop(top) {
  const spare = stack.length - 8;
  stack.set(IV, spare);
  hashParent(stack, 8 * (top - 2), 0, stack, spare);
  stack.copyWithin(8 * (top - 2), spare, spare + 8);
  return top - 1;
}

/**
 * The chaining value of a subtree that is not the root, written to cv[at..at+7].
 *
 * @param {Int32Array} words  the memory that holds the bytes
 * @param {number} byteOffset  where they begin in `words`, a multiple of 4
 * @param {number} length  at most SUBTREE_BYTES
 * @param {number} firstChunk  the number of the first chunk within the whole input
 * @param {Int32Array} cv
 * @param {number} at
 */
export function hashSubtree(words, byteOffset, length, firstChunk, cv, at) {
  let top = 0;
  for (let i = 0, done = 0; done < length; i++, done += CHUNK_BYTES) {
    const bytes = Math.min(CHUNK_BYTES, length - done);
    hashChunk(words, byteOffset + done, bytes, firstChunk + i, 0, stack, 8 * top++);
    for (let n = i + 1; (n & 1) === 0; n >>= 1) top = mergeTop(top);
  }
  while (top > 1) top = mergeTop(top);
  for (let i = 0; i < 8; i++) cv[at + i] = stack[i];
}

/** Merges the chaining values first..first+count-1 of a list into that of their tree. */
function mergeList(cvs, first, count, rootFlag) {
  if (count === 1) return cvs.subarray(8 * first, 8 * first + 8);
  const left = 1 << (31 - Math.clz32(count - 1)); // the largest power of two below count
  const pair = new Int32Array(16);
  pair.set(mergeList(cvs, first, left, 0), 0);
  pair.set(mergeList(cvs, first + left, count - left, 0), 8);
  const parent = Int32Array.from(IV);
  hashParent(pair, 0, rootFlag, parent, 0);
  return parent;
}

const hex = (cv) => Buffer.from(cv.buffer, cv.byteOffset, 32).toString('hex');

/** The digest of an input of one chunk, as text; every other one goes through joinSubtrees. */
function hashSmall(words, length) {
  const cv = new Int32Array(8);
  hashChunk(words, 0, length, 0, FLAG.ROOT, cv, 0);
  return hex(cv);
}

/** The digest, as text, from the chaining values of two or more subtrees in order. */
export function joinSubtrees(cvs) {
  return hex(mergeList(cvs, 0, cvs.length / 8, FLAG.ROOT));
}

/** Cuts `size` bytes into two or more subtrees (one for an input of a single chunk). */
export function subtrees(size) {
  let bytes = SUBTREE_BYTES;
  while (bytes >= size && bytes > CHUNK_BYTES) bytes >>= 1;
  const list = [];
  for (let offset = 0; offset < Math.max(size, 1); offset += bytes) {
    list.push({ offset, length: Math.min(bytes, size - offset), firstChunk: offset / CHUNK_BYTES });
  }
  return list;
}

/** The BLAKE3 digest of the first `size` bytes of `words`, as text. */
export function blake3(words, size) {
  if (size <= CHUNK_BYTES) return hashSmall(words, size);
  const list = subtrees(size);
  const cvs = new Int32Array(8 * list.length);
  list.forEach((tree, i) => {
    hashSubtree(words, tree.offset, tree.length, tree.firstChunk, cvs, 8 * i);
  });
  return joinSubtrees(cvs);
}

/** The words that hold `bytes` bytes; the last one may be half used. */
export const wordsFor = (buffer, bytes) => new Int32Array(buffer, 0, Math.ceil(bytes / 4));

const files = new Map(); // open files of this process, by path

/** Reads a range of a file into a buffer of its own. */
export function readRange(path, offset, length) {
  if (!files.has(path)) files.set(path, fs.openSync(path, 'r'));
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  for (let done = 0; done < length;) {
    const got = fs.readSync(files.get(path), bytes, done, length - done, offset + done);
    if (got === 0) throw new Error(`${path} has become shorter while it was read`);
    done += got;
  }
  return bytes.buffer;
}
