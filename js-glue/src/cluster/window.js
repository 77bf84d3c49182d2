/**
 * Maps for what comes and goes. A Map that outgrows its table leaves it behind, naming the next one:
 * once such a table is old, all that was in it and in every later one lives until the next full
 * collection, and each of the quick ones copies it. These leave nothing behind.
 */

/**
 * Items by numbers that rise, of which the least are taken first.
 *
 * @template T
 */
export class Window {
  /** @type {(T | undefined)[]} a ring, its length a power of two */
  #items = new Array(64).fill(undefined);
  #first = 0;
  #end = 0;

  /** @param {T} item  @returns {number} its number, one more than the last */
  push(item) {
    if (this.#end - this.#first === this.#items.length) this.#grow();
    this.#items[this.#end & (this.#items.length - 1)] = item;
    return this.#end++;
  }

  /** @param {number} number  @returns {T | undefined} */
  get(number) {
    return number >= this.#first && number < this.#end ? this.#items[number & (this.#items.length - 1)] : undefined;
  }

  /** Takes the item with the least number. @returns {T | undefined} */
  shift() {
    if (this.#first === this.#end) return undefined;
    const at = this.#first++ & (this.#items.length - 1);
    const item = this.#items[at];
    this.#items[at] = undefined;
    return item;
  }

  /** @returns {T[]}  by their numbers */
  values() {
    const all = [];
    for (let i = this.#first; i < this.#end; i++) all.push(/** @type {T} */ (this.get(i)));
    return all;
  }

  #grow() {
    const items = new Array(2 * this.#items.length).fill(undefined);
    for (let i = this.#first; i < this.#end; i++) items[i & (items.length - 1)] = this.get(i);
    this.#items = items;
  }
}

/**
 * Items by names.
 *
 * @template T
 */
export class Directory {
  /** @type {Map<string, number>} what is left behind is names and numbers */
  #places = new Map();
  /** @type {(T | undefined)[]} */
  #items = [];
  /** @type {number[]} */
  #free = [];

  get size() {
    return this.#places.size;
  }

  /** @param {string} name  @returns {T | undefined} */
  get(name) {
    const place = this.#places.get(name);
    return place === undefined ? undefined : this.#items[place];
  }

  /** @param {string} name  not there yet  @param {T} item */
  add(name, item) {
    const place = this.#free.pop() ?? this.#items.length;
    this.#items[place] = item;
    this.#places.set(name, place);
  }

  /** @param {string} name */
  delete(name) {
    const place = this.#places.get(name);
    if (place === undefined) return;
    this.#places.delete(name);
    this.#items[place] = undefined;
    this.#free.push(place);
  }

  /** @returns {T[]}  oldest first */
  values() {
    return Array.from(this.#places.values(), (place) => /** @type {T} */ (this.#items[place]));
  }
}
