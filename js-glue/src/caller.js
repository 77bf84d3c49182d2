import { Algebra } from './algebra.js';
import { showAs } from './inspect.js';
import { findTask } from './task-known.js';
import { mustFindTask } from './task-known-rare.js';

/** What can be called, under the options that it was made with. */
export class Caller extends Algebra {
  static name = 'Caller'; // as in errors.js

  static {
    showAs(this.prototype, 'Caller', (caller) => caller.#control?.given ?? {});
  }

  #core;
  #control;

  /**
   * @param {import('./runtime.js').Core} core
   * @param {import('./control.js').Control | undefined} control  undefined: no options
   */
  constructor(core, control) {
    super(core, control);
    this.#core = core;
    this.#control = control;
  }

  /**
   * Calls an exported C function on the workers. Calls run at the same time, in any order.
   *
   * i32 takes integers, booleans, null, strings (a UTF-8 copy that lives as long as the
   * call) and arrays of this runtime as pointers; i64 takes BigInts; f32 and f64 numbers.
   * An unsigned or pointer result is a signed number: `result >>> 0` makes it unsigned.
   *
   * @template {string | ((...args: any[]) => unknown)} F
   * @param {F} name  or a task of `load`
   * @param {import('./tasks.js').ArgumentsOf<F>} args
   * @returns {Promise<import('./tasks.js').ResultOf<F>>}  a number, a BigInt for i64, undefined for void
   * @throws {WeftError} `WEFT_ERR_EXPORT`, `WEFT_ERR_INVALID`, `WEFT_ERR_POINTER`,
   *   `WEFT_ERR_NOMEM`, `WEFT_ERR_CLOSED` before it runs; `WEFT_ERR_TRAP`,
   *   `WEFT_ERR_STACK`, `WEFT_ERR_CANCELLED`, `WEFT_ERR_DEADLOCK`, `WEFT_ERR_WORKER` after
   */
  call(name, ...args) {
    try {
      return this.#core.jobs.run(this.#find(name), args, this.#control);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same as `call`, while the calling thread waits. For Node, and workers of a page.
   * No event of this thread is served meanwhile: nothing that the function waits for may
   * depend on one. (Emscripten starts threads by such events; so with its modules an
   * interactive call may have to wait for batch calls.)
   *
   * @template {string | ((...args: any[]) => unknown)} F
   * @param {F} name  or a task of `load`
   * @param {import('./tasks.js').ArgumentsOf<F>} args
   * @returns {import('./tasks.js').ResultOf<F>}
   * @throws {import('./errors.js').WeftError}  as `call`; `WEFT_ERR_WOULD_BLOCK` where the
   *   thread must not sleep
   */
  callSync(name, ...args) {
    return this.#core.extras.runSync(this.#core, this.#find(name), args, this.#control);
  }

  /**
   * The same as `call`, with a handle on the call: its progress, and the way to end it.
   *
   * @template {string | ((...args: any[]) => unknown)} F
   * @param {F} name  or a task of `load`
   * @param {import('./tasks.js').ArgumentsOf<F>} args
   * @returns {import('./job.js').Job<import('./tasks.js').ResultOf<F>>}
   * @throws {import('./errors.js').WeftError}  `WEFT_ERR_EXPORT`, `WEFT_ERR_CLOSED`; whatever
   *   else is wrong rejects
   */
  start(name, ...args) {
    const callable = this.#find(name);
    return new this.#core.extras.Job(this.#core.jobs, callable.name, this.#control).begin(callable, args);
  }

  /**
   * The same methods, for calls under these options.
   *
   *     await rt.with({ signal: AbortSignal.timeout(100) }).call('render', pixels);
   *
   * @param {import('./control.js').CallOptions} options
   * @returns {Caller}
   * @throws {import('./errors.js').WeftError}  `WEFT_ERR_INVALID`, naming the option
   */
  with(options) {
    return new Caller(this.#core, new this.#core.extras.Control(options, this.#control));
  }

  /**
   * Runs a task on slices of a range, on every worker: `task(first, last, ...args)` for
   * first to last - 1. Slices run in any order and are cut while a worker has nothing to do.
   *
   *     await rt.forEach(image.height, tasks.render, image.pixels, image.width);
   *
   * @template {any[]} A
   * @param {import('./tasks.js').Range} range  a count, [first, last], or { first, last, grain }
   * @param {(first: number, last: number, ...args: A) => unknown} task  of `load`
   * @param {A} args
   * @returns {Promise<void>}
   * @throws {import('./errors.js').WeftError}  as `call`
   */
  forEach(range, task, ...args) {
    try {
      const { engine, jobs, mustBeOpen, tasks } = this.#core;
      mustBeOpen();
      mustFindTask(this.#core, 'forEach', task); // so there are tasks
      if (engine.solo) return engine.solo.forEach(this.#core, range, task, args, this.#control);
      return jobs.run(/** @type {import('./tasks.js').TaskModules} */ (tasks).loop(range, task), args, this.#control);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} name  @returns {import('./arguments.js').Callable} */
  #find(name) {
    const core = this.#core;
    core.mustBeOpen();
    return core.callables.get(name) ?? findTask(core, name) ?? core.extras.unknownExport(name, core.info.functions);
  }
}
