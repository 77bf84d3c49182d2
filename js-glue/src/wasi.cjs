// Made by make_worker.js; edit the ES modules beside it instead.
'use strict';

const { writeSync } = require('node:fs');

/**
 * A minimal WASI preview 1 host: standard streams, clocks, random numbers, arguments,
 * environment. No files: opening one answers ENOSYS or EBADF.
 */

const OK = 0;
const EBADF = 8;
const EINVAL = 28;
const EIO = 29;
const ENOSYS = 52;
const ESPIPE = 70;

const CHARACTER_DEVICE = 2;
const RIGHT_FD_READ = 1n << 1n;
const RIGHT_FD_WRITE = 1n << 6n;

/** Thrown by `proc_exit`: the only way out of the frames of C. */
class WasiExit extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`exit(${status}) was called`);
    this.name = 'WasiExit';
    this.status = status;
  }
}

/**
 * @typedef {object} WasiOptions
 * @property {WebAssembly.Memory} memory  never grown
 * @property {(fd: 1 | 2, bytes: Uint8Array) => void} write  writes all of it, at once
 * @property {() => number} now  nanoseconds of a monotonic clock
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 */

/**
 * Builds the import namespace `wasi_snapshot_preview1`.
 *
 * @param {WasiOptions} options
 * @returns {Record<string, (...args: any[]) => number | void>}
 */
function createWasi({ memory, write, now, args = [], env = {} }) {
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const encoder = new TextEncoder();
  const encode = (/** @type {string} */ text) => encoder.encode(`${text}\0`);
  const argumentTexts = args.map(encode);
  const environmentTexts = Object.entries(env).map(([name, value]) => encode(`${name}=${value}`));

  /** @param {Uint8Array[]} texts  @param {number} count  @param {number} size */
  function writeSizes(texts, count, size) {
    view.setUint32(count >>> 0, texts.length, true);
    view.setUint32(size >>> 0, texts.reduce((sum, text) => sum + text.length, 0), true);
    return OK;
  }

  /** @param {Uint8Array[]} texts  @param {number} pointers  @param {number} buffer */
  function writeTexts(texts, pointers, buffer) {
    let target = buffer >>> 0;
    texts.forEach((text, index) => {
      view.setUint32((pointers >>> 0) + 4 * index, target, true);
      bytes.set(text, target);
      target += text.length;
    });
    return OK;
  }

  /**
   * The pieces leave in one write, so that a line of one thread is not cut by another's.
   *
   * @param {number} fd  @param {number} vectors  @param {number} count  @param {number} written
   */
  function fdWrite(fd, vectors, count, written) {
    if (fd !== 1 && fd !== 2) return EBADF;
    const pieces = [];
    let size = 0;
    for (let i = 0; i < count; i++) {
      const start = view.getUint32((vectors >>> 0) + 8 * i, true);
      const length = view.getUint32((vectors >>> 0) + 8 * i + 4, true);
      pieces.push(bytes.subarray(start, start + length));
      size += length;
    }
    const whole = new Uint8Array(size); // a copy: streams do not take shared memory
    let end = 0;
    for (const piece of pieces) {
      whole.set(piece, end);
      end += piece.length;
    }
    try {
      if (size > 0) write(fd, whole);
    } catch {
      return EIO;
    }
    view.setUint32(written >>> 0, size, true);
    return OK;
  }

  /** @param {number} fd  @param {number} target */
  function fdStatGet(fd, target) {
    if (fd < 0 || fd > 2) return EBADF;
    // A character device that cannot seek is a terminal to the libc, which then writes
    // line by line: nothing stays behind in a buffer that no exit() will flush.
    view.setUint8(target >>> 0, CHARACTER_DEVICE);
    view.setUint8((target >>> 0) + 1, 0);
    view.setUint16((target >>> 0) + 2, 0, true);
    view.setUint32((target >>> 0) + 4, 0, true);
    view.setBigUint64((target >>> 0) + 8, fd === 0 ? RIGHT_FD_READ : RIGHT_FD_WRITE, true);
    view.setBigUint64((target >>> 0) + 16, 0n, true);
    return OK;
  }

  /** @param {number} id  @returns {bigint | undefined} */
  function clock(id) {
    if (id === 0) return BigInt(Math.round(Date.now() * 1e6));
    if (id === 1) return BigInt(Math.round(now()));
    return undefined;
  }

  /** @param {number} start  @param {number} length */
  function randomGet(start, length) {
    const chunk = 65536; // the most that getRandomValues gives at once
    for (let done = 0; done < length; done += chunk) {
      const piece = new Uint8Array(Math.min(chunk, length - done));
      bytes.set(globalThis.crypto.getRandomValues(piece), (start >>> 0) + done);
    }
    return OK;
  }

  return {
    args_sizes_get: (count, size) => writeSizes(argumentTexts, count, size),
    args_get: (pointers, buffer) => writeTexts(argumentTexts, pointers, buffer),
    environ_sizes_get: (count, size) => writeSizes(environmentTexts, count, size),
    environ_get: (pointers, buffer) => writeTexts(environmentTexts, pointers, buffer),
    clock_res_get: (id, target) => {
      if (clock(id) === undefined) return EINVAL;
      view.setBigUint64(target >>> 0, id === 0 ? 1_000_000n : 1_000n, true);
      return OK;
    },
    clock_time_get: (id, _precision, target) => {
      const time = clock(id);
      if (time === undefined) return EINVAL;
      view.setBigUint64(target >>> 0, time, true);
      return OK;
    },
    random_get: randomGet,
    sched_yield: () => OK,
    proc_exit: (status) => {
      throw new WasiExit(status);
    },
    fd_write: fdWrite,
    fd_read: (fd, _vectors, _count, read) => {
      if (fd !== 0) return EBADF;
      view.setUint32(read >>> 0, 0, true); // standard input is at its end
      return OK;
    },
    fd_close: (fd) => (fd >= 0 && fd <= 2 ? OK : EBADF),
    fd_seek: (fd) => (fd >= 0 && fd <= 2 ? ESPIPE : EBADF),
    fd_fdstat_get: fdStatGet,
    fd_prestat_get: () => EBADF, // no folder is opened in advance
    fd_prestat_dir_name: () => EBADF,
  };
}

/** Answers for a WASI function that this host does not have. */
const notSupported = () => ENOSYS;

/** @type {Int32Array | undefined} */
let pause;

/**
 * Writes all of `bytes` before it returns, from any thread and past Node's own streams, so
 * that what C printed is out even if the process ends in the next moment.
 *
 * @param {1 | 2} fd  @param {Uint8Array} bytes
 */
function write(fd, bytes) {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
      // Not by SharedArrayBuffer, which may be hidden.
      pause ??= new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
      Atomics.wait(pause, 0, 0, 1); // a full pipe that does not block: let the reader read
    }
  }
}

exports.createWasi = createWasi;
exports.notSupported = notSupported;
exports.write = write;
