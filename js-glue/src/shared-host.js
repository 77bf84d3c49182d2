import { WeftError } from './errors.js';
import { unreadable } from './show.js';
import { Kind, mustCount } from './shared.js';
import { openShared } from './shared-channel.js';
import { Waits } from './shared-wait.js';

const CAPACITY_MAX = 16777216;

/** Makes the locks and channels of one runtime, on the main thread. */
export class SharedObjects {
  #core;
  #waits;
  /** @type {import('./shared.js').SharedLink} */
  #link;
  /** @type {Map<number, import('./shared.js').SharedObject>} by address, those not freed */
  #objects = new Map();

  /** @param {import('./runtime.js').Core} core */
  constructor(core) {
    const { engine } = core;
    const waits = new Waits(core);
    this.#core = core;
    this.#waits = waits;
    this.#link = {
      find: engine.find,
      words: waits.words,
      maySleep: false,
      check: () => waits.check(),
      changed: () => waits.changed(),
      put: (value) => core.codec.put(value),
      take: (address) => core.codec.take(address),
      drop: (address) => {
        if (!waits.over) engine.find('weft_js_free')(address);
      },
      toItem: (value) => this.#toItem(value),
    };
  }

  /** @param {number} kind  @param {number} [count] */
  #make(kind, count = 0) {
    this.#core.mustBeOpen();
    const host = this.#waits.create(kind, count, () => this.#objects.delete(host.object));
    const object = openShared(this.#link, { kind, address: host.object }, host);
    this.#objects.set(host.object, object);
    return object;
  }

  /** @param {{ address: number }} handle  @returns {object}  what it stands for */
  open({ address }) {
    const object = this.#objects.get(address);
    if (object) return object;
    throw new WeftError('WEFT_ERR_POINTER', 'a lock or channel was freed before it arrived here');
  }

  mutex() {
    return /** @type {import('./shared.js').Mutex} */ (this.#make(Kind.MUTEX));
  }

  /** @param {number} permits */
  semaphore(permits) {
    mustCount('rt.semaphore: the number of permits', permits, 0);
    return /** @type {import('./shared.js').Semaphore} */ (this.#make(Kind.SEMAPHORE, permits));
  }

  event() {
    return /** @type {import('./shared.js').Event} */ (this.#make(Kind.EVENT));
  }

  /** @param {number} capacity  @param {{ raw?: boolean }} [options] */
  channel(capacity, options) {
    mustCount('rt.channel: the capacity', capacity, 1, CAPACITY_MAX);
    let raw;
    try {
      raw = options?.raw;
    } catch (error) {
      throw unreadable(error, 'rt.channel: an option');
    }
    const kind = raw ? Kind.RAW_CHANNEL : Kind.CHANNEL;
    return /** @type {import('./shared-channel.js').Channel} */ (this.#make(kind, capacity));
  }

  /** @param {unknown} value  @returns {number}  what a raw channel carries */
  #toItem(value) {
    const { heap } = this.#core;
    if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) {
      return value >>> 0;
    }
    if (ArrayBuffer.isView(value)) {
      if (value.buffer === heap.memory.buffer && heap.allocations.holding(value)) return value.byteOffset;
      throw new WeftError('WEFT_ERR_POINTER', 'channel.send: the array is outside the runtime\'s memory, or was freed');
    }
    throw new WeftError('WEFT_ERR_INVALID',
      `channel.send: a raw channel carries integers from -2^31 to 2^32-1 and arrays of this runtime, got ${typeof value}`);
  }

  /** A call has failed. */
  lookAtOwners() {
    this.#waits.lookAtOwners();
  }

  /** Serves the waits that can be served, the last time before end(). */
  settle() {
    this.#waits.settle();
  }

  /** Ends every wait. @param {WeftError} error  why */
  end(error) {
    this.#waits.end(error);
  }
}
