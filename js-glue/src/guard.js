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
export function createGuard(link) {
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
