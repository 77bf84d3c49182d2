import { show } from './show.js';
import { Kernel, discard, findKernel } from './kernel.js';
import { checkInto, checkStatus, elsewhere, invalid, mustHaveElements, optionsOf, typeOf } from './numbers.js';
import { mustFindTask } from './task-known-rare.js';

/** @typedef {import('./heap.js').AnyArray} AnyArray */
/** @template {AnyArray} T  @typedef {import('./algebra.js').Sum<T>} Sum */
/** @template {AnyArray} T  @typedef {import('./algebra.js').Totals<T>} Totals */
/** @template {AnyArray} T  @typedef {import('./algebra.js').MinMax<T>} MinMax */
/** @typedef {import('./algebra.js').Histogram} Histogram */

/** What is behind the methods of Algebra, which say what each does. */
export class Arrays {
  #core;
  #control;

  /**
   * @param {import('./runtime.js').Core} core
   * @param {import('./control.js').Control | undefined} control
   */
  constructor(core, control) {
    this.#core = core;
    this.#control = control;
  }

  /**
   * @template {AnyArray} T
   * @param {T} array
   * @returns {Promise<T>}
   */
  async sort(array) {
    checkStatus('rt.sort', await this.#run('sort', array));
    return array;
  }

  /**
   * @template {AnyArray} T
   * @param {T} array
   * @returns {Promise<Sum<T>>}
   */
  async sum(array) {
    const sum = await this.#run('sum', array);
    const tag = array[Symbol.toStringTag];
    const right = tag === 'BigUint64Array' ? BigInt.asUintN(64, sum) : tag === 'BigInt64Array' ? sum : Number(sum);
    return /** @type {Sum<T>} */ (right);
  }

  /** @param {AnyArray} array */
  async mean(array) {
    return this.#run('mean', array);
  }

  /**
   * @param {AnyArray} array
   * @param {object} [options]
   * @param {boolean} [options.sample]
   * @returns {Promise<number>}
   */
  async variance(array, options) {
    const { sample = false } = optionsOf('rt.variance', options, ['sample']);
    return this.#run('variance', array, sample ? 1 : 0);
  }

  /**
   * @template {AnyArray} T
   * @param {T} array
   */
  async min(array) {
    return (await this.#minmax('rt.min', array)).min;
  }

  /**
   * @template {AnyArray} T
   * @param {T} array
   */
  async max(array) {
    return (await this.#minmax('rt.max', array)).max;
  }

  /**
   * @template {AnyArray} T
   * @param {T} array
   * @returns {Promise<MinMax<T>>}
   */
  async minmax(array) {
    return this.#minmax('rt.minmax', array);
  }

  /**
   * @template {AnyArray} T
   * @param {T} array
   * @param {object} [options]
   * @param {boolean} [options.exclusive]
   * @param {Totals<T>} [options.into]
   * @returns {Promise<Totals<T>>}
   */
  async scan(array, options) {
    const { exclusive = false, into } = optionsOf('rt.scan', options, ['exclusive', 'into']);
    const [, totals] = typeOf('rt.scan', array);
    const made = into === undefined;
    if (!made) checkInto(array, /** @type {AnyArray} */ (into), totals);
    const target = into ?? this.#core.heap.array(/** @type {any} */ (globalThis)[totals], array.length);
    try {
      checkStatus('rt.scan', await this.#run('prefix_sum', array, exclusive ? 1 : 0, target));
    } catch (error) {
      if (made) discard(this.#core, target);
      throw error;
    }
    return /** @type {Totals<T>} */ (target);
  }

  /**
   * @param {AnyArray} array
   * @param {object} options
   * @param {number} options.bins
   * @param {number | bigint} [options.min]
   * @param {number | bigint} [options.max]
   * @returns {Promise<Histogram>}
   */
  async histogram(array, options) {
    const { bins, min, max } = optionsOf('rt.histogram', options, ['bins', 'min', 'max']);
    const what = 'rt.histogram';
    if (typeof bins !== 'number' || !Number.isInteger(bins) || bins < 1 || bins > 2 ** 20) {
      throw invalid(`${what}: bins must be an integer from 1 to 1048576, got ${show(bins)}`);
    }
    for (const bound of [min, max]) {
      if (bound !== undefined && typeof bound !== 'number' && typeof bound !== 'bigint') {
        throw invalid(`${what}: min and max must be numbers, got ${show(bound)}`);
      }
    }
    let [low, high] = [Number(min), Number(max)];
    if (min === undefined || max === undefined) {
      const found = await this.#minmax(`${what} without min and max`, array);
      if (min === undefined) low = Number(found.min);
      if (max === undefined) high = Math.max(Number(found.max), low);
      if (max === undefined && high === low) high += Math.max(1, Math.abs(low) / 2 ** 20);
    }
    if (!(low < high && Number.isFinite(bins / (high - low)) && high - low < Infinity)) {
      throw invalid(`${what}: min and max must be finite and min below max, got ${low} and ${high}`);
    }
    const { heap } = this.#core;
    const [status, all] = await this.#collect('histogram', array, 4 * (bins + 3), (at) => [at],
      (at) => new Uint32Array(heap.memory.buffer, at, bins + 3).slice(), low, high, bins);
    checkStatus(what, status);
    const [under, over, nan] = all.subarray(bins);
    // In a buffer of its own, without the counters above.
    return { counts: new Uint32Array(all.subarray(0, bins)), under, over, nan, min: low, max: high };
  }

  /**
   * @template {AnyArray} T
   * @template {any[]} A
   * @param {T} array
   * @param {(value: Sum<T>, index: number, ...args: A) => unknown} task
   * @param {A} args
   * @returns {Promise<T>}
   */
  async map(array, task, ...args) {
    const { heap, jobs, mustBeOpen, tasks } = this.#core;
    typeOf('rt.map', array);
    mustBeOpen();
    mustFindTask(this.#core, 'rt.map', task); // so there are tasks
    const { callable, id } = /** @type {import('./tasks.js').TaskModules} */ (tasks).map(array.length, task);
    const into = heap.array(/** @type {any} */ (globalThis)[array[Symbol.toStringTag]], array.length);
    try {
      if (array.buffer !== heap.memory.buffer) throw elsewhere('rt.map');
      await jobs.run(callable, [array, into, id, ...args], this.#control);
    } catch (error) {
      discard(this.#core, into);
      throw error;
    }
    return /** @type {any} */ (into);
  }

  /**
   * @template {'hex' | 'bytes'} [E='hex']
   * @param {import('./hash.js').HashSource} source
   * @param {import('./hash.js').HashOptions<E>} [options]
   * @returns {Promise<E extends 'bytes' ? Uint8Array : string>}
   */
  async hash(source, options) {
    this.#core.mustBeOpen();
    const { hash } = await import('./hash.js'); // only those who hash load it
    return /** @type {any} */ (hash(this.#core, this.#control, source, options));
  }

  /** @param {string} operation  @param {AnyArray} array  @param {...any} args */
  async #run(operation, array, ...args) {
    const [suffix] = typeOf(`rt.${operation === 'prefix_sum' ? 'scan' : operation}`, array);
    const kernel = findKernel(this.#core, `weft_${operation}_${suffix}`);
    return this.#core.jobs.run(kernel, [array, array.length, ...args], this.#control);
  }

  /**
   * Runs a kernel that leaves its results in memory.
   *
   * @template R
   * @param {string} operation  @param {AnyArray} array  @param {number} bytes  of the results
   * @param {(at: number) => number[]} pointers  the arguments that lead to them
   * @param {(at: number) => R} read
   * @param {...number} args
   * @returns {Promise<[status: number, results: R]>}
   */
  async #collect(operation, array, bytes, pointers, read, ...args) {
    const [suffix] = typeOf(`rt.${operation}`, array);
    const entry = findKernel(this.#core, `weft_${operation}_${suffix}`);
    const kernel = new Kernel(this.#core.heap, entry, bytes, pointers, read);
    return this.#core.jobs.run(kernel, [array, array.length, ...args], this.#control);
  }

  /**
   * @template {AnyArray} T
   * @param {string} what  @param {T} array
   * @returns {Promise<MinMax<T>>}
   */
  async #minmax(what, array) {
    typeOf(what, array);
    mustHaveElements(what, array);
    const { buffer } = this.#core.memory;
    const Numbers = /** @type {any} */ (globalThis)[array[Symbol.toStringTag]];
    const [status, found] = await this.#collect('minmax', array, 24, (at) => [at, at + 16], (at) => {
      const [min, max] = new Numbers(buffer, at, 2);
      const [minIndex, maxIndex] = new Uint32Array(buffer, at + 16, 2);
      return { min, max, minIndex, maxIndex };
    });
    checkStatus(what, status);
    return found;
  }
}
