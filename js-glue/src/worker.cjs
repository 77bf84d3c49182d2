// Made by make_worker.js; edit the ES modules beside it instead.
'use strict';

const { writeSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');

const pause = new Int32Array(new SharedArrayBuffer(4));

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
      Atomics.wait(pause, 0, 0, 1); // a full pipe that does not block: let the reader read
    }
  }
}

// performance.now() counts from the start of its own thread; hrtime has one origin for
// all, but is slow to read.
const origin = Number(process.hrtime.bigint()) - performance.now() * 1e6;

/** Nanoseconds of a monotonic clock with the same origin in every thread. */
const now = () => performance.now() * 1e6 + origin;

/**
 * The two functions through which C runs exported functions in a worker, and survives
 * their traps ("Calls" and "Traps" in wasm/ABI.md).
 *
 * wasm/make_emscripten_library.js copies createGuard into the library for Emscripten, so
 * it names nothing outside itself and keeps to ECMAScript 2018, which every Emscripten's
 * own parser can read.
 */

/**
 * What the guard needs from its instance.
 * @typedef {object} GuardLink
 * @property {() => WebAssembly.Memory} memory
 * @property {(name: string) => any} find  an exported function, undefined if there is none
 * @property {() => number} stackSave
 * @property {(pointer: number) => void} stackRestore
 * @property {(message: import('./protocol.js').WorkerMessage) => void} post
 */

/** @param {GuardLink} link */
function createGuard(link) {
  const WORD_NAMES = 5;
  const WORD_NAMES_BYTES = 6;
  const SLOT_FUNCTION = 24;
  const SLOT_ERROR = 32;
  const SLOT_ERROR_BYTES = 36;
  const SLOT_RESULT = 40;
  const SLOT_ARGUMENTS = 48;
  const ERR_TRAP = 10;
  const ERR_STACK = 11;

  /** @type {Record<string, (view: DataView, address: number) => number | bigint>} */
  const read = {
    i: (view, address) => view.getInt32(address, true),
    I: (view, address) => view.getBigInt64(address, true),
    f: (view, address) => view.getFloat32(address, true),
    F: (view, address) => view.getFloat64(address, true),
  };
  /** @type {Record<string, (view: DataView, address: number, value: any) => void>} */
  const write = {
    i: (view, address, value) => view.setInt32(address, value, true),
    I: (view, address, value) => view.setBigInt64(address, value, true),
    f: (view, address, value) => view.setFloat32(address, value, true),
    F: (view, address, value) => view.setFloat64(address, value, true),
  };

  /** @type {DataView} */
  let view;
  /** @type {Int32Array} */
  let words;
  /** @type {string[] | undefined} */
  let lines;
  /** @type {((slot: number) => void)[]} */
  const invokers = [];

  function open() {
    const memory = link.memory();
    view = new DataView(memory.buffer);
    words = new Int32Array(memory.buffer);
    const layout = (link.find('weft_js_layout')() >>> 0) / 4;
    const start = words[layout + WORD_NAMES] >>> 0;
    // slice copies: a text decoder does not take shared memory.
    const bytes = new Uint8Array(memory.buffer).slice(start, start + words[layout + WORD_NAMES_BYTES]);
    lines = new TextDecoder().decode(bytes).split('\n');
    return lines;
  }

  /**
   * @param {number} id
   * @returns {(slot: number) => void}  calls function number `id` with the cells of a slot
   */
  function makeInvoker(id) {
    const line = (lines || open())[id];
    const colon = line.indexOf(':');
    const arrow = line.indexOf('>');
    const readers = line.slice(colon + 1, arrow).split('').map((type) => read[type]);
    const writeResult = write[line.slice(arrow + 1)];
    const target = link.find(line.slice(0, colon));
    return (slot) => {
      const args = [];
      for (let i = 0; i < readers.length; i++) {
        args.push(readers[i](view, slot + SLOT_ARGUMENTS + 8 * i));
      }
      const result = target.apply(null, args);
      if (writeResult) writeResult(view, slot + SLOT_RESULT, result);
    };
  }

  /** @param {number} pointer */
  function invoke(pointer) {
    const slot = pointer >>> 0;
    if (!lines) open();
    const id = words[(slot + SLOT_FUNCTION) >>> 2];
    const invoker = invokers[id] || (invokers[id] = makeInvoker(id));
    invoker(slot);
  }

  /**
   * V8 and JavaScriptCore throw a RangeError, SpiderMonkey an InternalError.
   * @param {any} error
   */
  function isStackOverflow(error) {
    return Boolean(error) && (error.name === 'RangeError' || error.name === 'InternalError') &&
      /call stack|recursion/i.test(String(error.message));
  }

  /** @param {number} worker  @param {any} error */
  function record(worker, error) {
    const slot = link.find('weft_worker_slot')(worker) >>> 0;
    if (slot === 0) return;
    if (!lines) open();
    const text = new TextEncoder().encode(JSON.stringify({
      name: String((error && error.name) || 'Error'),
      message: String(error && error.message !== undefined ? error.message : error),
      stack: String((error && error.stack) || ''),
    }));
    const address = link.find('weft_js_alloc')(text.length, 8) >>> 0;
    if (address === 0) return; // the status still tells that it trapped
    // Another worker inside the same job may have trapped at the same time: the first wins.
    if (Atomics.compareExchange(words, (slot + SLOT_ERROR) >>> 2, 0, address | 0) !== 0) {
      link.find('weft_js_free')(address);
      return;
    }
    new Uint8Array(words.buffer).set(text, address);
    words[(slot + SLOT_ERROR_BYTES) >>> 2] = text.length;
  }

  /** @param {number} worker */
  function guard(worker) {
    const stack = link.stackSave();
    const enter = link.find('weft_worker_enter');
    const recover = link.find('weft_worker_recover');
    link.post({ type: 'weft:ready' });
    for (;;) {
      try {
        enter(worker);
        break;
      } catch (error) {
        link.stackRestore(stack); // first of all: everything below runs C
        const recoverThread = link.find('weft_thread_recover');
        if (recoverThread) recoverThread();
        record(worker, error);
        recover(worker, isStackOverflow(error) ? ERR_STACK : ERR_TRAP);
      }
    }
    link.post({ type: 'weft:ended' });
  }

  function signal() {
    link.post({ type: 'weft:signal' });
  }

  return { guard, invoke, signal };
}

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

/**
 * What one instance of a `wasi` flavoured module gets from its thread.
 * @typedef {object} ImportOptions
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {number} cpus  CPUs that this process may use
 * @property {() => number} now  nanoseconds of a monotonic clock, one origin for all threads
 * @property {(fd: 1 | 2, bytes: Uint8Array) => void} write  to standard output or error
 * @property {(argument: number) => number} spawn  `wasi.thread-spawn`
 * @property {(message: import('./protocol.js').WorkerMessage) => void} [post]  to the main
 *   thread; default: dropped
 * @property {string[]} [args]
 * @property {Record<string, string>} [env]
 */

/**
 * Instantiates a module of the `wasi` flavour on the calling thread, without calling any
 * of its functions. The main instance must exist and be initialised before any other.
 *
 * @param {ImportOptions} options
 * @returns {WebAssembly.Instance}
 */
function instantiate(options) {
  /** @type {WebAssembly.Instance} */
  let instance;
  const imports = createImports(options, () => instance);
  instance = new WebAssembly.Instance(options.module, imports);
  return instance;
}

/**
 * Builds the whole import object of wasm/ABI.md.
 *
 * @param {ImportOptions} options
 * @param {() => WebAssembly.Instance} instance  the instance that gets these imports
 * @returns {WebAssembly.Imports}
 */
function createImports(options, instance) {
  const { module, memory, cpus, now, write, spawn, args, env } = options;
  const exported = (/** @type {string} */ name) => /** @type {any} */ (instance().exports[name]);
  const { guard, invoke, signal } = createGuard({
    memory: () => memory,
    find: exported,
    stackSave: () => exported('__stack_pointer').value,
    stackRestore: (pointer) => {
      exported('__stack_pointer').value = pointer;
    },
    post: options.post ?? (() => {}),
  });
  const wasi = createWasi({ memory, write, now, args, env });
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === 'wasi_snapshot_preview1') wasi[name] ??= notSupported;
  }
  return {
    env: { memory },
    wasi: { 'thread-spawn': spawn },
    weft: { now, cpu_count: () => cpus, guard, invoke, signal },
    wasi_snapshot_preview1: wasi,
  };
}

/**
 * @typedef {object} ThreadHost
 * @property {(fd: 1 | 2, bytes: Uint8Array) => void} write
 * @property {() => number} now
 * @property {(message: import('./protocol.js').WorkerMessage) => void} post
 */

/**
 * Runs one thread of C from its start to its end, in a worker of its own.
 *
 * @param {ThreadHost} host
 * @param {import('./protocol.js').StartMessage} message
 */
function runThread(host, { module, memory, thread, argument, settings }) {
  const { cpus, args, env, threadIds } = settings;
  const ids = new Int32Array(threadIds);
  try {
    const instance = instantiate({
      module,
      memory,
      cpus,
      args,
      env,
      now: host.now,
      write: host.write,
      post: host.post,
      spawn: (inner) => {
        const id = Atomics.add(ids, 0, 1);
        host.post({ type: 'weft:spawn', thread: id, argument: inner });
        return id;
      },
    });
    /** @type {Function} */ (instance.exports.wasi_thread_start)(thread, argument);
    host.post({ type: 'weft:exited', argument });
  } catch (error) {
    const { name, message, stack } = /** @type {Error} */ (error);
    host.post({ type: 'weft:failed', argument, error: { name, message, stack } });
  }
}

/** A worker of the `wasi` flavour in Node: runs one thread after the other. */
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const host = { write, now, post: port.postMessage.bind(port) };

port.on('message', (message) => {
  if (message?.type === 'weft:start') runThread(host, message);
});
port.postMessage({ type: 'weft:loaded' });
