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

  get #arrays() {
    return new this.#core.extras.Arrays(this.#core, this.#control);
  }

  /**
   * Sorts in place, upwards: -0 before +0, NaN last. Needs as much memory again meanwhile.
   *
   * @template {AnyArray} T
   * @param {T} array
   * @returns {Promise<T>}  the array
   */
  sort(array) {
    return this.#arrays.sort(array);
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
  sum(array) {
    return this.#arrays.sum(array);
  }

  /** The mean, NaN of nothing. @param {AnyArray} array  @returns {Promise<number>} */
  mean(array) {
    return this.#arrays.mean(array);
  }

  /**
   * The mean square distance from the mean; NaN of nothing, and of what is not finite.
   *
   * @param {AnyArray} array
   * @param {object} [options]
   * @param {boolean} [options.sample]  divide by one less than the length
   * @returns {Promise<number>}
   */
  variance(array, options) {
    return this.#arrays.variance(array, options);
  }

  /**
   * The least element as Math.min defines it: NaN if there is one, -0 below +0.
   *
   * @template {AnyArray} T
   * @param {T} array  with an element at least
   */
  min(array) {
    return this.#arrays.min(array);
  }

  /**
   * The greatest element as Math.max defines it.
   *
   * @template {AnyArray} T
   * @param {T} array  with an element at least
   */
  max(array) {
    return this.#arrays.max(array);
  }

  /**
   * Both, and where they first occur. If there is a NaN, all of it is about the first.
   *
   * @template {AnyArray} T
   * @param {T} array  with an element at least
   * @returns {Promise<MinMax<T>>}
   */
  minmax(array) {
    return this.#arrays.minmax(array);
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
  scan(array, options) {
    return this.#arrays.scan(array, options);
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
  histogram(array, options) {
    return this.#arrays.histogram(array, options);
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
  map(array, task, ...args) {
    return this.#arrays.map(array, task, ...args);
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
  hash(source, options) {
    return this.#arrays.hash(source, options);
  }
}
