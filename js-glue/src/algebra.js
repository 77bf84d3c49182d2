import { show } from './errors.js';
import { Kernel, discard, findKernel } from './kernel.js';
import { checkInto, checkStatus, elsewhere, invalid, mustHaveElements, optionsOf, typeOf } from './numbers.js';

/** @typedef {import('./heap.js').AnyArray} AnyArray */
/**
 * What sums of T are.
 * @template {AnyArray} T
 * @typedef {T extends BigInt64Array | BigUint64Array ? bigint : number} Sum
 */
/**
 * What holds the running totals of T.
 * @template {AnyArray} T
 * @typedef {T extends Int8Array | Int16Array | Int32Array ? Int32Array
 *   : T extends Uint8Array | Uint8ClampedArray | Uint16Array | Uint32Array ? Uint32Array : T} Totals
 */
/**
 * @template {AnyArray} T
 * @typedef {object} MinMax
 * @property {Sum<T>} min
 * @property {Sum<T>} max
 * @property {number} minIndex  of the first element that is `min`
 * @property {number} maxIndex
 */
/**
 * @typedef {object} Histogram
 * @property {Uint32Array} counts  an ordinary array, one element per bin
 * @property {number} under  elements below `min`
 * @property {number} over  elements above `max`
 * @property {number} nan
 * @property {number} min  where the first bin begins
 * @property {number} max  where the last bin ends
 */

/**
 * The stock kernels on typed arrays of the runtime's memory: those of rt.array() and
 * rt.share(), and parts of them. Results have the same bits on any number of threads.
 *
 * Each of them rejects with `WEFT_ERR_INVALID` for what is no typed array,
 * `WEFT_ERR_POINTER` for an array elsewhere, `WEFT_ERR_EXPORT` where the module was linked
 * without the kernels, and as rt.call does.
 */
export class Algebra {
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
   * Sorts in place, upwards: -0 before +0, NaN last. Needs as much memory again meanwhile.
   *
   * @template {AnyArray} T
   * @param {T} array
   * @returns {Promise<T>}  the array
   */
  async sort(array) {
    checkStatus('rt.sort', await this.#run('sort', array));
    return array;
  }

  /**
   * The sum, 0 of nothing. Sums of integers are exact, in a number as far as 2^53; those of
   * BigInts wrap around at 64 bits. Floats are added as doubles, in an order that depends on
   * the length alone.
   *
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

  /** The mean, NaN of nothing. @param {AnyArray} array  @returns {Promise<number>} */
  async mean(array) {
    return this.#run('mean', array);
  }

  /**
   * The mean square distance from the mean; NaN of nothing, and of what is not finite.
   *
   * @param {AnyArray} array
   * @param {object} [options]
   * @param {boolean} [options.sample]  divide by one less than the length
   * @returns {Promise<number>}
   */
  async variance(array, options) {
    const { sample = false } = optionsOf('rt.variance', options);
    return this.#run('variance', array, sample ? 1 : 0);
  }

  /**
   * The least element as Math.min defines it: NaN if there is one, -0 below +0.
   *
   * @template {AnyArray} T
   * @param {T} array  with an element at least
   */
  async min(array) {
    return (await this.#minmax('rt.min', array)).min;
  }

  /**
   * The greatest element as Math.max defines it.
   *
   * @template {AnyArray} T
   * @param {T} array  with an element at least
   */
  async max(array) {
    return (await this.#minmax('rt.max', array)).max;
  }

  /**
   * Both, and where they first occur. If there is a NaN, all of it is about the first.
   *
   * @template {AnyArray} T
   * @param {T} array  with an element at least
   * @returns {Promise<MinMax<T>>}
   */
  async minmax(array) {
    return this.#minmax('rt.minmax', array);
  }

  /**
   * Running totals: element i of the result is the sum of elements 0 to i. Integers wrap
   * around at 32 bits, BigInts at 64.
   *
   * @template {AnyArray} T
   * @param {T} array
   * @param {object} [options]
   * @param {boolean} [options.exclusive]  leave out element i itself
   * @param {Totals<T>} [options.into]  an array of the same length, of the type that the
   *   result has; may be `array` itself where the types are the same. Default: a new array
   * @returns {Promise<Totals<T>>}
   */
  async scan(array, options) {
    const { exclusive = false, into } = optionsOf('rt.scan', options);
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
   * Counts elements in bins of equal width; the last one includes `max`.
   *
   * @param {AnyArray} array
   * @param {object} options
   * @param {number} options.bins  1 to 1048576
   * @param {number | bigint} [options.min]  default: the least element
   * @param {number | bigint} [options.max]  default: the greatest element
   * @returns {Promise<Histogram>}
   */
  async histogram(array, options) {
    const { bins = NaN, min, max } = optionsOf('rt.histogram', options);
    const what = 'rt.histogram';
    if (!Number.isInteger(bins) || bins < 1 || bins > 2 ** 20) {
      throw invalid(`${what}: bins must be an integer from 1 to 1048576, got ${show(bins)}`);
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
   * Calls a task for each element, on every worker, in any order:
   * `result[i] = task(array[i], i, ...args)`.
   *
   * @template {AnyArray} T
   * @template {any[]} A
   * @param {T} array
   * @param {(value: Sum<T>, index: number, ...args: A) => unknown} task  of `load`; returns a
   *   number, or a BigInt for arrays of them
   * @param {A} args
   * @returns {Promise<T>}  a new array of the same type
   */
  async map(array, task, ...args) {
    const { heap, jobs, mustBeOpen, tasks } = this.#core;
    typeOf('rt.map', array);
    mustBeOpen();
    const { callable, id } = tasks.map(array.length, task);
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
   * The BLAKE3 hash of a text (as UTF-8), of bytes, or of a stream of them, which is read
   * while the workers hash: memory stays bounded however long it is. Bytes must not change
   * before it resolves.
   *
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
