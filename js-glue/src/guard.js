/**
 * The functions through which C runs exported functions and tasks in a worker, survives
 * their traps, and visits the worker's event loop ("Calls", "Traps" and "Visits" in
 * wasm/ABI.md).
 *
 * wasm/weft-module.cmake copies createGuard into the library for Emscripten, so it names
 * nothing outside itself and keeps to ECMAScript 2018, which every Emscripten's own parser
 * can read.
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
export function createGuard(link) {
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
      // What passed through frames of C on its way must unwind the rest of them; and of a mutex
      // that is held, C has to know that nobody will unlock it.
      if (!tasks || tasks.torn() || tasks.holds()) throw error;
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

  /** @param {any} error  whatever was thrown */
  function describe(error) {
    const known = error || {};
    return {
      name: String(known.name || 'Error'),
      message: String(known.message === undefined ? error : known.message),
      stack: String(known.stack || ''),
    };
  }

  /** @param {number} slot  0: none  @param {any} error */
  function record(slot, error) {
    if (slot === 0 || statusOf(error) === ERR_CANCELLED) return;
    if (!lines) open();
    const bytes = tasks ? tasks.describe(error) : new TextEncoder().encode(JSON.stringify(describe(error)));
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

  /** Where the module has stack checks this is true only of a function that they have ended. */
  function isOverrun() {
    const limit = link.find('weft_thread_limit');
    return limit && ((link.stackSave() - limit()) | 0) < 0;
  }

  /** @param {number} worker  @param {any} error  that ended its job */
  function fail(worker, error) {
    recover(worker, isOverrun() ? ERR_STACK : statusOf(error), error);
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
    if (!whole) throw new Error('the runtime\'s own code was cut short, or its memory overwritten: ' + (error && error.message));
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
      link.post({ type: 'weft:failed', argument: 0, error: describe(error) });
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
