import { WeftError } from './errors.js';
import { showAs } from './inspect.js';
import { unreadable } from './show.js';
import { Task, Word } from './layout.js';
import { moduleError } from './module-rare.js';
import { LoopCallable, TaskCallable } from './task-callable.js';
import { known } from './task-known.js';
import { mustFindTask } from './task-known-rare.js';
import { readRange } from './task-thread.js';

/** How long a worker that is busy may take to hear of a module before load goes on without it. */
const BUSY_MS = 1000;

/**
 * The functions of a module as tasks: the same parameters, and a promise of the result.
 * @template T
 * @typedef {{ [K in keyof T as T[K] extends (...args: any[]) => any ? K : never]:
 *   T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>>
 *   : T[K] extends (...args: any[]) => infer R ? (...args: any[]) => Promise<Awaited<R>> : never }} Tasks
 */

/**
 * What is given to a task, or to a function of C.
 * @template F
 * @typedef {F extends (...args: infer A) => unknown ? A : unknown[]} ArgumentsOf
 */

/**
 * What comes back. Of a function of C: a number, a BigInt for i64, undefined for void.
 * @template F
 * @typedef {F extends (...args: any[]) => infer R ? Awaited<R> : any} ResultOf
 */

/** @typedef {import('./task-thread.js').Range} Range */

/** A module on its way to the workers. */
class Loading {
  /** @type {Map<number, string[]>} names of the functions, by worker */
  answers = new Map();

  /** @param {(names: string[]) => void} resolve  @param {(error: WeftError) => void} reject */
  constructor(resolve, reject) {
    this.resolve = resolve;
    this.reject = reject;
    /** @type {any} */
    this.timer = undefined;
  }
}

/** What to do about an error of an import. @param {any} error */
const hint = (error) => (error?.code === 'ERR_UNKNOWN_FILE_EXTENSION'
  ? '; compile it to JavaScript: Node strips types itself from 22.18 on, and its workers heed loaders such as tsx from 22 on' : '');

/** @param {import('./host.js').Host} host  @param {URL | string} source */
function resolve(host, source) {
  try {
    return host.resolveModule(source);
  } catch (error) {
    throw unreadable(error, 'rt.load: the module');
  }
}

/** The modules of tasks of one runtime: brings them to the workers. */
export class TaskModules {
  #core;
  #words;
  /** @type {Map<string, { index: number, record: number, tasks?: Promise<any> }>} by URL */
  #modules = new Map();
  /** @type {Map<number, Loading>} by index */
  #loading = new Map();

  /** @param {import('./runtime.js').Core} core */
  constructor(core) {
    this.#core = core;
    this.#words = new Int32Array(core.memory.buffer);
    this.layout = core.engine.find('weft_js_layout')() >>> 2;
    this.codec = core.codec;
    core.crew.onImported = (message) => this.#hear(message);
  }

  /**
   * @param {URL | string} source
   * @returns {Promise<any>}
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_MODULE`, `WEFT_ERR_TIMEOUT`, `WEFT_ERR_CLOSED`
   */
  async load(source) {
    const { engine, host, mustBeOpen } = this.#core;
    mustBeOpen();
    const url = resolve(host, source);
    if (this.#modules.size === 0) this.#add(engine.solo ? host.soloTaskWorker : host.taskWorker);
    const entry = this.#modules.get(url) ?? this.#add(url);
    entry.tasks ??= this.#bring(url, entry).catch((error) => {
      entry.tasks = undefined;
      this.#words[(entry.record >>> 2) + 2] = 0; // nobody shall have it
      throw error;
    });
    return entry.tasks;
  }

  /**
   * @param {Range} range  @param {unknown} task
   * @returns {import('./arguments.js').Callable}
   * @throws {WeftError} `WEFT_ERR_INVALID`
   */
  loop(range, task) {
    return new LoopCallable(mustFindTask(this.#core, 'forEach', task), readRange(range));
  }

  /**
   * A loop over an array that calls a task for each element; its arguments are the array,
   * the one for the results, and those returned here.
   *
   * @param {number} length  @param {unknown} task
   * @returns {{ callable: import('./arguments.js').Callable, id: number }}
   * @throws {WeftError} `WEFT_ERR_INVALID`
   */
  map(length, task) {
    const found = mustFindTask(this.#core, 'rt.map', task);
    const mapSlice = new TaskCallable(this.codec, found.name, Task.TASK); // the worker's own first function
    return { callable: new LoopCallable(mapSlice, readRange(length)), id: found.id };
  }

  /** Ends every load. @param {WeftError} error */
  end(error) {
    for (const index of [...this.#loading.keys()]) this.#settle(index, ({ reject }) => reject(error));
  }

  /** Appends a record for the workers. @param {string} url */
  #add(url) {
    const { heap } = this.#core;
    const text = new TextEncoder().encode(url);
    const record = heap.take(16 + text.length, 8);
    const at = record >>> 2;
    const modules = this.layout + Word.MODULES;
    const entry = { index: this.#modules.size, record, tasks: /** @type {Promise<any> | undefined} */ (undefined) };
    heap.bytes.set(text, record + 16);
    this.#words.set([this.#words[modules], entry.index, 0, text.length], at);
    Atomics.store(this.#words, modules, record | 0);
    this.#modules.set(url, entry);
    return entry;
  }

  /** @param {string} url  @param {{ index: number, record: number }} entry */
  async #bring(url, { index, record }) {
    const { engine, settings } = this.#core;
    const limit = settings.startTimeoutMs;
    const names = await new Promise((resolve, reject) => {
      const loading = new Loading(resolve, reject);
      loading.timer = setTimeout(() => this.#settle(index, () => reject(new WeftError('WEFT_ERR_TIMEOUT',
        `${url}: no worker has loaded it within ${limit} ms; startTimeoutMs can be raised`))), limit);
      this.#loading.set(index, loading);
      // A number that no attempt had before, so that every worker answers this one.
      Atomics.store(this.#words, (record >>> 2) + 2, ++this.attempts);
      this.#core.pulse.wake();
      engine.find('weft_js_visit')();
    });
    return this.#makeTasks(names, index);
  }

  attempts = 0;

  /** Some module is on its way. */
  get loading() {
    return this.#loading.size > 0;
  }

  /** @param {{ worker: number, index: number, attempt: number, names?: string[], error?: Uint8Array }} message */
  #hear({ worker, index, attempt, names, error }) {
    const entry = [...this.#modules].find(([, { index: other }]) => other === index);
    const loading = this.#loading.get(index);
    if (!entry || !loading || attempt !== this.#words[(entry[1].record >>> 2) + 2]) return;
    const [url] = entry;
    if (!names) {
      const bytes = /** @type {Uint8Array} */ (error);
      const cause = this.codec.decoder.decode(0, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      this.#settle(index, ({ reject }) => reject(moduleError(
        `worker ${worker} could not load ${url}: ${cause?.message ?? cause}${hint(cause)}`, cause)));
      return;
    }
    const [first] = loading.answers.values();
    if (names.length === 0 || (first && String(first) !== String(names))) {
      this.#settle(index, ({ reject }) => reject(moduleError(names.length === 0 ? `${url} exports no function`
        : `${url} exports other functions in worker ${worker} than in another: ${names} and ${first}`)));
      return;
    }
    loading.answers.set(worker, names);
    if (!first) {
      clearTimeout(loading.timer);
      loading.timer = setTimeout(() => this.#settle(index, ({ resolve }) => resolve(names)), BUSY_MS);
    }
    const workers = this.#words[this.layout + Word.WORKERS];
    for (let i = 0; i < workers; i++) if (!loading.answers.has(i)) return;
    this.#settle(index, ({ resolve }) => resolve(names));
  }

  /** @param {number} index  @param {(loading: Loading) => void} how */
  #settle(index, how) {
    const loading = this.#loading.get(index);
    if (!loading) return;
    this.#loading.delete(index);
    clearTimeout(loading.timer);
    how(loading);
  }

  /** @param {string[]} names  @param {number} index */
  #makeTasks(names, index) {
    const { jobs, mustBeOpen } = this.#core;
    /** @type {Record<string, (...args: any[]) => Promise<any>>} */
    const tasks = Object.create(null);
    names.forEach((name, number) => {
      const callable = new TaskCallable(this.codec, name, Task.TASK + Task.MODULE * index + number);
      const task = tasks[name] = (...args) => {
        try {
          mustBeOpen();
          return jobs.run(callable, args);
        } catch (error) {
          return Promise.reject(error);
        }
      };
      Object.defineProperty(task, 'name', { value: name });
      known.set(task, { callable, core: this.#core });
    });
    showAs(tasks, 'Tasks', (shown) => ({ ...shown }));
    return Object.freeze(tasks);
  }
}
