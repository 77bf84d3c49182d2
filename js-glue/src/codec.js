import { WeftError } from './errors.js';
import { unreadable } from './show.js';
import { Decoder } from './wire-decoder.js';
import { Encoder } from './wire-encoder.js';

/** What the arguments of one runtime's tasks need. */
export class Codec {
  /** @param {import('./heap.js').Heap} heap  @param {(handle: { kind: number, address: number }) => object} open */
  constructor(heap, open) {
    this.heap = heap;
    /** @type {import('./arguments.js').Holdings | undefined} */
    this.holdings = undefined;
    this.busy = false;
    this.encoder = new Encoder(heap.memory.buffer, (object, where) => this.hold(object, where));
    this.decoder = new Decoder(heap.memory.buffer, open);
    /** Writes to the memory itself, what is known to fit. */
    this.direct = new Encoder(heap.memory.buffer);
    this.direct.bytes = heap.bytes;
    this.direct.view = heap.view;
  }

  /** Keeps an object from being freed. @param {any} object  @param {string} where */
  hold(object, where) {
    const { heap } = this;
    const held = ArrayBuffer.isView(object) ? heap.allocations.holding(object) : object.hold?.(heap.find);
    if (!held) {
      throw new WeftError('WEFT_ERR_POINTER',
        `${where} is an array at address ${object.byteOffset} that was freed, or never came from rt.array(), rt.alloc() or rt.share()`);
    }
    held.uses++;
    this.holdings ??= { arrays: [], owned: [] };
    this.holdings.arrays.push(held);
  }

  /** @param {unknown} value  @returns {number}  the address of a copy for another thread */
  put(value) {
    return this.holding(() => {
      const address = this.heap.put(this.encoder.encode(value, 'the value'));
      if (this.holdings) this.heap.release(this.holdings); // checked; nothing waits for its end
      return address;
    });
  }

  /** @param {number} address  of a copy, which it frees */
  take(address) {
    const value = this.decoder.decode(address);
    this.heap.find('weft_js_free')(address);
    return value;
  }

  /** @template T  @param {() => T} run  may hold  @returns {T}  unless it throws, holds what it held */
  holding(run) {
    const { busy, encoder, holdings } = this;
    // A getter of a value has come back here: what was begun goes on afterwards.
    if (busy) this.encoder = new Encoder(this.heap.memory.buffer, encoder.hold);
    this.busy = true;
    this.holdings = undefined;
    try {
      return run();
    } catch (error) {
      if (this.holdings) this.heap.release(this.holdings);
      throw unreadable(error, 'an argument');
    } finally {
      this.busy = busy;
      this.encoder = encoder;
      this.holdings = holdings;
    }
  }
}
