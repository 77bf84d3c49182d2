import { WeftError } from './errors.js';
import { isBuffer } from './heap-rare.js';
import { isUrl, unreadable } from './show.js';

/**
 * What can be hashed: text, bytes, a stream of bytes, a Blob or File, and where the host has
 * files, one of them by its URL or by `{ path }`.
 * @typedef {string | ArrayBufferView | ArrayBufferLike | AsyncIterable<Piece> | Iterable<Piece>
 *   | ReadableStream<Piece> | Blob | URL | { path: string }} HashSource
 */
/** @typedef {string | ArrayBufferView | ArrayBufferLike} Piece */

const BLOB_PIECE_BYTES = 512 * 1024;

/**
 * @typedef {object} Reader
 * @property {number | undefined} total  bytes, where they are known
 * @property {(buffer: Uint8Array) => Promise<number>} fill  resolves with the bytes that it
 *   has written; fewer than there is room for only at the end, 0 after it
 * @property {() => Promise<unknown>} close  no more is wanted; resolves, whatever happens, once
 *   no more is written by a `fill` that is under way
 */

/**
 * The bytes of a piece.
 *
 * @param {unknown} piece
 * @returns {Uint8Array | undefined}
 */
export function bytesOf(piece) {
  if (typeof piece === 'string') return new TextEncoder().encode(piece);
  try {
    if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    return isBuffer(piece) ? new Uint8Array(piece) : undefined;
  } catch (error) {
    throw unreadable(error, 'rt.hash: the source'); // detached, say
  }
}

/** @param {AsyncIterator<unknown> | Iterator<unknown>} iterator  @param {number} [total]  @returns {Reader} */
function readPieces(iterator, total) {
  /** @type {Uint8Array | undefined} */
  let rest = new Uint8Array(0);
  let closed = false;
  /** Takes the next piece; undefined at the end. */
  const advance = async () => {
    const { done, value } = await iterator.next();
    rest = done ? undefined : bytesOf(value);
    if (!done && !rest) throw new WeftError('WEFT_ERR_INVALID', 'rt.hash: the stream must yield bytes or text');
  };
  return {
    total,
    async fill(buffer) {
      let filled = 0;
      while (rest && !closed && filled < buffer.length) {
        const part = rest.subarray(0, buffer.length - filled);
        buffer.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (rest.length === 0) await advance();
      }
      return filled;
    },
    async close() {
      closed = true;
      // Not waited for: a generator that waits for something itself would take as long.
      if (rest) Promise.resolve(iterator.return?.()).catch(() => {});
    },
  };
}

/** @param {ReadableStream<unknown>} stream  @returns {AsyncIterator<unknown>} */
function iterate(stream) { // not every browser has its own
  const reader = stream.getReader();
  return iterateBy(reader, () => reader.read());
}

/**
 * A Blob's pieces, each in the place of the one before: new ones of a large file are gigabytes of
 * garbage. Streams of others are not read so: many forget to answer when they end.
 *
 * @param {ReadableStream<unknown>} stream  @returns {AsyncIterator<unknown>}
 */
function iterateBlob(stream) {
  /** @type {ReadableStreamBYOBReader} */
  let reader;
  try {
    reader = stream.getReader({ mode: 'byob' });
  } catch {
    return iterate(stream); // a host that cannot
  }
  let buffer = new ArrayBuffer(BLOB_PIECE_BYTES);
  return iterateBy(reader, async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (value) buffer = value.buffer;
    return { done, value };
  });
}

/**
 * @param {ReadableStreamGenericReader} reader  @param {() => Promise<any>} next
 * @returns {AsyncIterator<unknown>}
 */
const iterateBy = (reader, next) => ({
  next,
  return: async (value) => {
    await reader.cancel();
    return { done: true, value };
  },
});

/** Of anything but a file; undefined for one. @param {any} source  @returns {Reader | undefined} */
function readerOf(source) {
  const bytes = bytesOf(source);
  if (bytes) return readPieces([bytes].values(), bytes.length);
  if (typeof source?.getReader === 'function') return readPieces(iterate(source), source.size);
  if (typeof source?.stream === 'function') return readPieces(iterateBlob(source.stream()), source.size);
  const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.();
  return iterator && readPieces(iterator);
}

/**
 * @param {{ host: import('./host.js').Host }} core
 * @param {any} source  a HashSource
 * @returns {Promise<Reader>}
 * @throws {WeftError} `WEFT_ERR_INVALID`; what opening a file throws
 */
export async function openSource({ host }, source) {
  let path;
  try {
    const reader = readerOf(source);
    if (reader) return reader;
    path = isUrl(source) ? source : source?.path;
  } catch (error) {
    throw unreadable(error, 'rt.hash: the source');
  }
  if (isUrl(path) || typeof path === 'string') {
    const opened = await host.openFile(path);
    return 'fill' in opened ? opened : openSource({ host }, opened);
  }
  throw new WeftError('WEFT_ERR_INVALID',
    'rt.hash: the source must be text, bytes, a stream of bytes, a Blob, a URL or { path }');
}
