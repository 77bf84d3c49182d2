// Made by make_worker.js; edit the ES modules beside it instead.
'use strict';

const { writeSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');

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

/** Nanoseconds of a monotonic clock with the same origin in every thread. */
function now() {
  const [seconds, nanoseconds] = process.hrtime(); // at hand in a new worker; `performance` would have to be loaded
  return seconds * 1e9 + nanoseconds;
}

/**
 * The functions through which C runs exported functions and tasks in a worker, survives
 * their traps, and visits the worker's event loop ("Calls", "Traps" and "Visits" in
 * wasm/ABI.md).
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
 * @property {(url: string) => Promise<any>} load  imports a module
 * @property {(worker: number) => void} resume  runs the thread to its end, from the event
 *   loop
 * @property {boolean} [follows]  the thread is one that has died in another worker
 */

/** @typedef {ReturnType<typeof createGuard>} Guard */

/** @param {GuardLink} link */
function createGuard(link) {
  const WORD_NAMES = 5;
  const WORD_NAMES_BYTES = 6;
  const WORD_MODULES = 8;
  const SLOT_FUNCTION = 40;
  const SLOT_ERROR = 48;
  const SLOT_ERROR_BYTES = 52;
  const SLOT_RESULT = 56;
  const SLOT_ARGUMENTS = 64;
  const ERR_TRAP = 10;
  const ERR_STACK = 11;
  const ERR_WORKER = 16;
  const ERR_CANCELLED = 5;
  /** Bytes of stack for what follows a trap: the dead frames below are still looked at. */
  const RESERVE = 8192;

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
  /** @type {number} where the words start, as an index */
  let layout;
  /** @type {((slot: number) => void)[]} */
  const invokers = [];
  /** @type {import('./task-worker.js').WorkerTasks | undefined} once one was wanted */
  let tasks;
  /** @type {unknown} what a task threw last */
  let thrown;
  /** @type {Promise<void> | undefined} what ends the job that this worker has suspended */
  let pending;
  /** @type {number | undefined} the stack pointer of the thread's function */
  let stack;

  function open() {
    const memory = link.memory();
    view = new DataView(memory.buffer);
    words = new Int32Array(memory.buffer);
    layout = (link.find('weft_js_layout')() >>> 0) / 4;
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
    // By index: the optimizer of older Emscriptens drops what a pattern declares.
    const a = readers[0];
    const b = readers[1];
    const c = readers[2];
    // Without an array where arguments are few.
    const call = [
      () => target(),
      (/** @type {number} */ at) => target(a(view, at)),
      (/** @type {number} */ at) => target(a(view, at), b(view, at + 8)),
      (/** @type {number} */ at) => target(a(view, at), b(view, at + 8), c(view, at + 16)),
    ][readers.length] || ((at) => target.apply(null, readers.map((cell, i) => cell(view, at + 8 * i))));
    return writeResult
      ? (slot) => writeResult(view, slot + SLOT_RESULT, call(slot + SLOT_ARGUMENTS))
      : (slot) => call(slot + SLOT_ARGUMENTS);
  }

  /** @param {number} pointer */
  function invoke(pointer) {
    const slot = pointer >>> 0;
    if (!lines) open();
    const id = words[(slot + SLOT_FUNCTION) >>> 2];
    if (id < 0) {
      runTask(slot);
      return;
    }
    const invoker = invokers[id] || (invokers[id] = makeInvoker(id));
    invoker(slot);
  }

  /** @param {number} slot */
  function runTask(slot) {
    try {
      const known = tasks;
      pending = known ? known.invoke(slot) : load(0).then(() => tasks && tasks.invoke(slot));
    } catch (error) {
      thrown = error;
      // What passed through frames of C on its way must unwind the rest of them.
      if (!tasks || tasks.torn()) throw error;
      record(slot, error);
      link.find('weft_js_fail')(statusOf(error));
    }
    if (pending) link.find('weft_js_suspend')();
  }

  /** @param {number} loop  @param {number} first  @param {number} last */
  function body(loop, first, last) {
    try {
      /** @type {import('./task-worker.js').WorkerTasks} */ (tasks).body(loop >>> 0, first >>> 0, last >>> 0);
    } catch (error) {
      thrown = error;
      throw error;
    }
  }

  /**
   * V8 and JavaScriptCore throw a RangeError, SpiderMonkey an InternalError.
   * @param {any} error
   */
  function isStackOverflow(error) {
    return Boolean(error) && (error.name === 'RangeError' || error.name === 'InternalError') &&
      /call stack|recursion/i.test(String(error.message));
  }

  /** @param {any} error */
  function statusOf(error) {
    if (isStackOverflow(error)) return ERR_STACK;
    if (!tasks || error !== thrown || error instanceof WebAssembly.RuntimeError) return ERR_TRAP;
    return tasks.statusOf(error);
  }

  /** @param {any} error  @returns {Uint8Array} */
  function describe(error) {
    if (tasks) return tasks.describe(error);
    return new TextEncoder().encode(JSON.stringify({
      name: String((error && error.name) || 'Error'),
      message: String(error && error.message !== undefined ? error.message : error),
      stack: String((error && error.stack) || ''),
    }));
  }

  /** @param {number} slot  0: none  @param {any} error */
  function record(slot, error) {
    if (slot === 0 || statusOf(error) === ERR_CANCELLED) return;
    if (!lines) open();
    const bytes = describe(error);
    const address = link.find('weft_js_alloc')(bytes.length, 8) >>> 0;
    if (address === 0) return; // the status still tells that it failed
    // Another worker inside the same job may have failed at the same time: the first wins.
    if (Atomics.compareExchange(words, (slot + SLOT_ERROR) >>> 2, 0, address | 0) !== 0) {
      link.find('weft_js_free')(address);
      return;
    }
    new Uint8Array(link.memory().buffer).set(bytes, address);
    words[(slot + SLOT_ERROR_BYTES) >>> 2] = bytes.length;
  }

  /** @param {number} worker  @param {any} error  that ended its job */
  function fail(worker, error) {
    recover(worker, statusOf(error), error);
    if (tasks) tasks.reset();
  }

  /**
   * @param {number} worker  @param {number} status  @param {any} error  undefined: the main
   *   thread knows it
   */
  function recover(worker, status, error) {
    link.stackRestore(/** @type {number} */ (stack)); // first of all: everything below runs C
    const recoverThread = link.find('weft_thread_recover');
    let whole = !recoverThread || recoverThread() !== 0;
    if (whole && error !== undefined) record(link.find('weft_worker_slot')(worker) >>> 0, error);
    if (whole) whole = link.find('weft_worker_recover')(worker, status) !== 0;
    if (!whole) throw new Error('the runtime\'s own code was cut short: ' + (error && error.message));
  }

  /**
   * The worker's loop, whatever the jobs do.
   *
   * @param {number} worker
   * @returns {boolean}  true: it wants to visit the event loop; false: it has ended
   */
  function enter(worker) {
    for (;;) {
      try {
        link.stackRestore(/** @type {number} */ (stack) - RESERVE);
        return link.find('weft_worker_enter')(worker) !== 0;
      } catch (error) {
        fail(worker, error);
      }
    }
  }

  /**
   * Gets the modules of tasks that this worker does not have yet.
   *
   * @param {number} worker  0: whichever it is
   * @returns {Promise<void>}
   */
  function load(worker) {
    if (!lines) open();
    const first = words[layout + WORD_MODULES] >>> 0;
    if (tasks || first === 0) return tasks ? tasks.load(worker, first) : Promise.resolve();
    // The oldest record names the module that runs tasks.
    let oldest = first / 4;
    while (words[oldest] !== 0) oldest = (words[oldest] >>> 0) / 4;
    const start = 4 * oldest + 16;
    const bytes = new Uint8Array(link.memory().buffer).slice(start, start + words[oldest + 3]);
    return link.load(new TextDecoder().decode(bytes)).then((module) => {
      if (!tasks) tasks = module.createTasks(link, lines);
      return load(worker);
    });
  }

  /**
   * Comes back from the event loop once there is nothing more to do on it.
   *
   * @param {number} worker
   */
  function visit(worker) {
    const job = pending;
    pending = undefined;
    const done = job ? job.catch((error) => {
      thrown = error;
      fail(worker, error);
    }) : Promise.resolve();
    done.then(() => load(worker)).then(() => {
      if (enter(worker)) visit(worker);
      else link.resume(worker); // the loop ends again at once, and then the thread
    }).catch((error) => {
      link.post({
        type: 'weft:failed',
        argument: 0,
        error: { name: String(error && error.name), message: String(error && error.message), stack: String(error && error.stack) },
      });
    });
  }

  /** @param {number} worker */
  function guard(worker) {
    const begins = stack === undefined;
    stack = link.stackSave();
    if (begins && link.follows) recover(worker, ERR_WORKER, undefined);
    if (begins) link.post({ type: 'weft:ready', worker });
    if (!lines) open();
    // A worker that comes late gets the modules of tasks before it takes a job.
    if ((begins && words[layout + WORD_MODULES] !== 0) || enter(worker)) {
      link.stackRestore(stack);
      visit(worker);
      throw 'unwind'; // to the event loop; also what Emscripten's own threads throw for that
    }
    stack = undefined;
    link.post({ type: 'weft:ended' });
  }

  /**
   * Runs one job, where the calling thread is the only worker.
   *
   * @param {number} worker
   * @returns {boolean | Promise<void>}  false: there was none; a promise, which never rejects:
   *   the job goes on, on the event loop, and ends in the next turn
   */
  function turn(worker) {
    let ran = true;
    stack = link.stackSave();
    link.stackRestore(stack - RESERVE);
    try {
      ran = link.find('weft_worker_enter')(worker) !== 0;
    } catch (error) {
      fail(worker, error);
    }
    link.stackRestore(stack);
    const job = pending;
    pending = undefined;
    return job ? job.catch((error) => {
      thrown = error;
      fail(worker, error);
    }) : ran;
  }

  function signal() {
    link.post({ type: 'weft:signal' });
  }

  return { guard, invoke, body, signal, turn, load };
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
 * @property {(guard: import('./guard.js').Guard) => void} [onGuard]  is given this instance's
 * @property {() => void} [resume]  runs the thread to its end; workers have one
 * @property {boolean} [follows]  the thread is one that has died in another worker
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
  const calls = createGuard({
    memory: () => memory,
    find: exported,
    stackSave: () => exported('__stack_pointer').value,
    stackRestore: (pointer) => {
      exported('__stack_pointer').value = pointer;
    },
    post: options.post ?? (() => {}),
    load: (url) => import(/* @vite-ignore */ /* webpackIgnore: true */ url),
    resume: options.resume ?? (() => {}),
    follows: options.follows,
  });
  const { guard, invoke, body, signal } = calls;
  options.onGuard?.(calls);
  const wasi = createWasi({ memory, write, now, args, env });
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === 'wasi_snapshot_preview1') wasi[name] ??= notSupported;
  }
  return {
    env: { memory },
    wasi: { 'thread-spawn': spawn },
    weft: { now, cpu_count: () => cpus, guard, invoke, body, signal },
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
function runThread(host, { module, memory, thread, argument, follows, settings }) {
  const { cpus, args, env, threadIds } = settings;
  const ids = new Int32Array(/** @type {SharedArrayBuffer} */ (threadIds));

  /** @param {() => void} run  goes on with the thread, mostly to its end */
  function go(run) {
    try {
      run();
      host.post({ type: 'weft:exited', argument });
    } catch (error) {
      if (error === 'unwind') return; // guard.js will resume it
      const { name, message, stack } = /** @type {Error} */ (error);
      host.post({ type: 'weft:failed', argument, error: { name, message, stack } });
    }
  }

  go(() => {
    const { exports } = /** @type {{ exports: any }} */ (instantiate({
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
      follows,
      resume: () => go(() => exports.weft_thread_resume(argument)),
    }));
    if (follows) exports.weft_thread_follow(argument);
    else exports.wasi_thread_start(thread, argument);
  });
}

/** In a worker of the `wasi` flavour in Node: runs one thread after the other. */
function serve() {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const host = { write, now, post: port.postMessage.bind(port) };
  port.on('message', (message) => {
    if (message?.type === 'weft:start') runThread(host, message);
  });
  let thrown = false; // the main thread hears of what nobody catches, and that is why it ends
  process.on('uncaughtExceptionMonitor', () => {
    thrown = true;
  });
  process.on('exit', (code) => {
    if (thrown) return;
    const { name, message, stack } = new Error(`process.exit(${code}) was called`);
    host.post({ type: 'weft:exiting', code, error: { name, message, stack } });
  });
  port.postMessage({ type: 'weft:loaded' });
}

exports.instantiate = instantiate;
exports.now = now;
exports.write = write;
if (require.main === module) serve();
