/**
 * Runs tasks in a worker, for the guard (guard.js): decodes their arguments, calls them,
 * encodes their results. A worker loads it when it first has a module of tasks to load.
 */
import { ExportCallable } from './arguments.js';
import { WeftError } from './errors.js';
import { STATUS } from './status.js';
import { Slot, Task, Word } from './layout.js';
import { unknownExport } from './nearest.js';
import { openShared } from './shared-channel.js';
import { readRange, setTaskThread } from './task-thread.js';
import { Decoder } from './wire-decoder.js';
import { Encoder } from './wire-encoder.js';

/** A loop's record lies in a slot; one of a nested loop is laid out alike. */
const RECORD_HEAD = Slot.ARGUMENTS - Slot.FUNCTION;
const RECORD_NUMBER = 12;

/** Loops whose arguments are kept, at most. */
const LOOPS_MAX = 32;

/** @typedef {ReturnType<typeof createTasks>} WorkerTasks */

/**
 * What a module exports. Of one of CommonJS, Node names only what it can tell from the text; the
 * rest is in what it takes for its default.
 *
 * @param {Record<string, any>} namespace
 * @returns {Record<string, any>}
 */
function exportsOf(namespace) {
  const whole = namespace.default;
  return typeof whole === 'object' && whole !== null ? { ...whole, ...namespace, default: whole.default } : namespace;
}

/**
 * @param {import('./guard.js').GuardLink} link
 * @param {string[]} lines  the module's function list
 */
export function createTasks(link, lines) {
  const { find } = link;
  const { buffer } = link.memory();
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const words = new Int32Array(buffer);
  const layout = find('weft_js_layout')() >>> 2;
  const encoder = new Encoder(buffer);
  const decoder = new Decoder(buffer, (handle) => openShared(sharedLink, handle));
  const direct = new Encoder(buffer); // writes to the memory itself, what is known to fit
  direct.bytes = bytes;
  direct.view = view;

  /** Functions by the number of their module. @type {Function[][]} */
  const modules = [];
  /** Which attempt to load a module was answered. @type {number[]} */
  const answered = [];
  /** @type {Map<Function, number>} */
  const ids = new Map();
  /** @type {Map<number, { task: Function, args: any[] }>} by the number of the loop */
  const loops = new Map();
  /** What passed through frames of C, which must not go on. @type {{ error: unknown } | undefined} */
  let tear;
  /** Records that others may still use. @type {number[]} */
  let leftovers = [];
  let index = 0;

  /** @param {Uint8Array} source  @param {number} [head]  bytes in front @returns {number} */
  function put(source, head = 0) {
    const address = find('weft_js_alloc')(head + source.length, 8) >>> 0;
    if (address === 0) throw new WeftError('WEFT_ERR_NOMEM', `out of memory: ${source.length} bytes asked for`);
    bytes.set(source, address + head);
    return address;
  }

  /** @param {number} address */
  const free = (address) => find('weft_js_free')(address);

  /** @param {number} address */
  function take(address) {
    const value = decoder.decode(address);
    free(address);
    return value;
  }

  /** Mutexes that the running task has locked. @type {Set<number>} */
  const held = new Set();

  /** @type {import('./shared.js').SharedLink} */
  const sharedLink = {
    find: (name) => (/** @type {any[]} */ ...args) => across(() => find(name)(...args)),
    words: new Int32Array(buffer),
    check: () => {},
    maySleep: true,
    held,
    put: (value) => put(encoder.encode(value, 'the value')),
    take,
    drop: free,
    toItem: (value) => {
      if (ArrayBuffer.isView(value) && value.buffer === buffer) return value.byteOffset;
      if (Number.isInteger(value)) return Number(value) >>> 0;
      throw new WeftError('WEFT_ERR_INVALID', 'a raw channel carries integers and arrays of this runtime');
    },
    changed: () => {},
  };

  /** @param {number} id  of a slot  @returns {Function} */
  function functionOf(id) {
    const task = modules[id >>> 16 & 0x3fff]?.[id & 0xffff];
    if (task) return task;
    throw new WeftError('WEFT_ERR_MODULE', `worker ${index} could not load the module of this task`);
  }

  /**
   * rt.map: a task for each element.
   *
   * @param {number} first  @param {number} last  @param {any} array  @param {any} into
   * @param {number} id  @param {...any} args
   */
  function mapSlice(first, last, array, into, id, ...args) {
    const task = functionOf(id);
    for (let i = first; i < last; i++) {
      const value = task(array[i], i, ...args);
      if (typeof value !== typeof array[i]) {
        throw new WeftError('WEFT_ERR_INVALID', `${task.name} must return a ${typeof array[i]} for each element, returned ${
          value === null ? 'null' : typeof value?.then === 'function' ? 'a promise' : typeof value}`);
      }
      into[i] = value;
    }
  }
  modules[0] = [mapSlice]; // number 0 is of this module

  /** @param {number} at  of encoded arguments  @returns {any[]} */
  function readArguments(at) {
    let count = bytes[at];
    if (count === Task.ELSEWHERE) {
      at = view.getUint32(at + 4, true);
      count = bytes[at];
    }
    decoder.begin(at + 1);
    const args = [];
    for (let i = 0; i < count; i++) args.push(decoder.value());
    return args;
  }

  /** @param {number} slot  @param {unknown} value */
  function writeResult(slot, value) {
    const at = slot + Slot.ARGUMENTS;
    if (typeof value === 'number' || value === undefined || typeof value === 'boolean') {
      direct.at = at;
      direct.value(value);
      return;
    }
    const encoded = encoder.encode(value, 'the result');
    if (encoded.length <= Task.ROOM) return bytes.set(encoded, at);
    view.setUint32(at + 4, put(encoded), true);
    bytes[at] = Task.ELSEWHERE;
  }

  /** A task that caught what passed through frames of C does not get away with it. */
  function mend() {
    if (tear) throw tear.error;
  }

  /** @template T  @param {() => T} run  calls into C, which may call tasks  @returns {T} */
  function across(run) {
    mend();
    try {
      return run();
    } catch (error) {
      tear ??= { error };
      throw error;
    }
  }

  /**
   * Runs the task of a slot.
   *
   * @param {number} slot
   * @returns {Promise<void> | undefined}  that the task left to the event loop
   */
  function invoke(slot) {
    held.clear();
    const task = functionOf(words[(slot + Slot.FUNCTION) >>> 2]);
    const result = task(...readArguments(slot + Slot.ARGUMENTS));
    mend();
    if (typeof result?.then !== 'function') {
      writeResult(slot, result);
      return undefined;
    }
    return Promise.resolve(result).then((value) => {
      mend();
      writeResult(slot, value);
    });
  }

  /** @param {number} loop */
  function openLoop(loop) {
    if (loops.size >= LOOPS_MAX) loops.clear();
    const task = functionOf(words[(loop - RECORD_HEAD) >>> 2]);
    const entry = { task, args: readArguments(loop + Task.LOOP_HEAD) };
    loops.set(words[(loop + RECORD_NUMBER) >>> 2], entry);
    return entry;
  }

  /** Runs a slice. @param {number} loop  @param {number} first  @param {number} last */
  function body(loop, first, last) {
    const { task, args } = loops.get(words[(loop + RECORD_NUMBER) >>> 2]) ?? openLoop(loop);
    const result = task(first, last, ...args);
    mend();
    if (typeof result?.then === 'function') {
      result.then(undefined, () => {}); // this error comes first
      throw new WeftError('WEFT_ERR_INVALID',
        'a slice of a loop returned a promise: it must be done when it returns');
    }
  }

  /** @param {import('./task-thread.js').Range} range  @param {Function} task  @param {any[]} args */
  function forEach(range, task, args) {
    const { first, last, grain } = readRange(range);
    const id = ids.get(task);
    if (id === undefined) {
      throw new WeftError('WEFT_ERR_INVALID', 'forEach: the second argument must be a function that a loaded module exports');
    }
    encoder.begin(`forEach: an argument of ${task.name}`);
    encoder.byte(args.length);
    for (const value of args) encoder.value(value);
    const record = put(encoder.bytes.subarray(0, encoder.at), RECORD_HEAD + Task.LOOP_HEAD);
    const loop = record + RECORD_HEAD;
    words[record >>> 2] = id | Task.LOOP;
    words.set([first, last, grain], loop >>> 2);
    leftovers.push(record);
    across(() => find('weft_js_for')(loop));
    leftovers.pop();
    free(record);
    if (thread.look() === 1) throw new WeftError('WEFT_ERR_CANCELLED', 'the task was cancelled');
  }

  const space = /** @type {any} */ ({
    view,
    find,
    allocations: { holding: () => ({ uses: 0 }) }, // the caller of the task holds them
    put,
    release: (/** @type {import('./arguments.js').Holdings} */ { owned }) => owned.forEach(free),
  });

  /** @type {Map<string, ExportCallable>} */
  const exported = new Map(lines.map((line, id) => {
    const [, name, params, result] = /** @type {RegExpExecArray} */ (/^(.*):(.*)>(.*)$/.exec(line));
    return [name, new ExportCallable(space, { name, id, params, result })];
  }));

  /** @type {import('./task-thread.js').TaskThread} */
  const thread = {
    look: () => find('weft_js_cancelled')(),
    progress: (done, total) => find('weft_js_progress')(done, total),
    threadIndex: () => index,
    threads: () => words[layout + Word.WORKERS],
    forEach,
    call(name, args) {
      const callable = exported.get(name) ?? unknownExport(name, [...exported.keys()]);
      const values = args.map((value) => (typeof value?.weftHandle === 'function' ? value.weftHandle().address : value));
      const holdings = callable.convert(values);
      const result = across(() => find(name)(...values));
      if (holdings) space.release(holdings);
      return result;
    },
  };
  setTaskThread(thread);

  /** @param {unknown} error  @returns {Uint8Array} */
  function describe(error) {
    try {
      return encoder.encode(error, 'the error').slice();
    } catch { // something about it cannot travel
      const plain = new Error(String(/** @type {any} */ (error)?.message ?? error));
      plain.name = String(/** @type {any} */ (error)?.name ?? 'Error');
      plain.stack = String(/** @type {any} */ (error)?.stack ?? '');
      return encoder.encode(plain, 'the error').slice();
    }
  }

  /** @param {string} url  @param {number} number  of the module  @param {number} attempt */
  async function bring(url, number, attempt) {
    answered[number] = attempt;
    const answer = { type: /** @type {const} */ ('weft:imported'), worker: index, index: number, attempt };
    try {
      const namespace = exportsOf(await link.load(url));
      const names = Object.keys(namespace).filter((name) => typeof namespace[name] === 'function');
      modules[number] = names.map((name) => namespace[name]);
      modules[number].forEach((task, i) => ids.set(task, (Task.TASK + Task.MODULE * number + i) | 0));
      link.post({ ...answer, names });
    } catch (error) {
      link.post({ ...answer, error: describe(error) });
    }
  }

  /** @param {number} worker  @param {number} newest  record of a module */
  async function load(worker, newest) {
    if (worker !== 0) index = find('weft_worker_index')(worker);
    for (let record = newest; record !== 0; record = words[record >>> 2] >>> 0) {
      const [, number, attempt, length] = words.subarray(record >>> 2, (record >>> 2) + 4);
      if (attempt === 0 || answered[number] === attempt) continue;
      const text = bytes.slice(record + 16, record + 16 + length);
      await bring(new TextDecoder().decode(text), number, attempt);
    }
  }

  return {
    invoke,
    body,
    load,
    describe,
    /** True when what was thrown last must unwind every frame of the job. */
    torn: () => tear !== undefined,
    /** True when the task that ran last has locked what it has not unlocked. */
    holds: () => held.size > 0,
    /** @param {any} error  that a task threw  @returns {number} */
    statusOf: (error) => (error instanceof WeftError ? STATUS[error.code] : STATUS.WEFT_ERR_THROWN),
    /** The job that was torn is gone, and nobody uses its memory any more. */
    reset() {
      tear = undefined;
      held.clear();
      leftovers.splice(0).forEach(free);
    },
  };
}
