import { WeftError, unreadable } from './errors.js';
import { Slot, Task } from './layout.js';
import { viewNumber } from './wire.js';
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

/** Encoded arguments: their bytes, or where they are in the memory. */
class Packed {
  /** @param {Uint8Array | undefined} bytes  @param {number} address */
  constructor(bytes, address) {
    this.bytes = bytes;
    this.address = address;
  }
}

/** A Callable for a function of a loaded module. */
export class TaskCallable {
  /** @param {Codec} codec  @param {string} name  @param {number} id */
  constructor(codec, name, id) {
    this.codec = codec;
    this.name = name;
    this.id = id;
  }

  /**
   * @param {any[]} args
   * @returns {import('./arguments.js').Holdings | undefined}
   * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_POINTER`, `WEFT_ERR_NOMEM`
   */
  convert(args) {
    return this.convertFor(args, Task.ROOM);
  }

  /** @param {any[]} args  @param {number} room  bytes that write will have */
  convertFor(args, room) {
    try {
      return this.#convert(args, room);
    } catch (error) {
      throw unreadable(error, `${this.name}: an argument`);
    }
  }

  /** @param {any[]} args  @param {number} room */
  #convert(args, room) {
    const { codec } = this;
    const { buffer } = codec.heap.memory;
    let bytes = 1;
    let views = 0;
    for (let i = 0; i < args.length; i++) {
      const value = args[i];
      if (typeof value === 'number') bytes += 9;
      else if (typeof value === 'string') bytes += 5 + 2 * value.length;
      else if (value === undefined || value === null || typeof value === 'boolean') bytes += 1;
      else if (ArrayBuffer.isView(value) && value.buffer === buffer) {
        bytes += 10;
        views++;
      } else bytes = Infinity;
    }
    if (bytes > room) return codec.holding(() => this.#pack(args, room));
    if (views === 0) return undefined;
    return codec.holding(() => {
      for (let i = 0; i < args.length; i++) {
        if (typeof args[i] === 'object' && args[i] !== null) codec.hold(args[i], `${this.name}: argument ${i + 1}`);
      }
      return codec.holdings;
    });
  }

  /** @param {any[]} args  @param {number} room */
  #pack(args, room) {
    const { codec, name } = this;
    const { encoder, heap } = codec;
    if (args.length > Task.ARGUMENTS_MAX) {
      throw new WeftError('WEFT_ERR_INVALID', `${name}: a task takes at most ${Task.ARGUMENTS_MAX} arguments, got ${args.length}`);
    }
    encoder.begin('');
    encoder.byte(args.length);
    args.forEach((value, index) => {
      encoder.path = [`${name}: argument ${index + 1}`];
      encoder.value(value);
    });
    const bytes = encoder.bytes.subarray(0, encoder.at);
    args.length = 1;
    if (bytes.length <= room) args[0] = new Packed(bytes.slice(), 0);
    else {
      const address = heap.put(bytes);
      args[0] = new Packed(undefined, address);
      codec.holdings ??= { arrays: [], owned: [] };
      codec.holdings.owned.push(address);
    }
    return codec.holdings;
  }

  /** @param {number} slot  @param {any[]} values */
  write(slot, values) {
    this.writeAt(slot + Slot.ARGUMENTS, values);
  }

  /** @param {number} at  @param {any[]} values */
  writeAt(at, values) {
    const { direct, heap } = this.codec;
    const packed = values[0];
    if (packed instanceof Packed) {
      if (packed.bytes) heap.bytes.set(packed.bytes, at);
      else {
        heap.bytes[at] = Task.ELSEWHERE;
        heap.view.setUint32(at + 4, packed.address, true);
      }
      return;
    }
    direct.at = at;
    direct.byte(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value === 'object' && value !== null) direct.shared(value, /** @type {number} */ (viewNumber(value)));
      else direct.value(value);
    }
  }

  /** @param {number} slot  @returns {any} */
  read(slot) {
    const { decoder, heap } = this.codec;
    const at = slot + Slot.ARGUMENTS;
    if (heap.bytes[at] !== Task.ELSEWHERE) return decoder.decode(at);
    return this.codec.take(heap.view.getUint32(at + 4, true));
  }
}

/** A Callable for a parallel loop. */
export class LoopCallable {
  /** @param {TaskCallable} task  @param {{ first: number, last: number, grain: number }} range */
  constructor(task, { first, last, grain }) {
    this.task = task;
    this.name = task.name;
    this.id = task.id + Task.LOOP;
    this.head = [first, last, grain];
  }

  /** @param {any[]} args */
  convert(args) {
    return this.task.convertFor(args, Task.ROOM - Task.LOOP_HEAD);
  }

  /** @param {number} slot  @param {any[]} values */
  write(slot, values) {
    const { view } = this.task.codec.heap;
    const at = slot + Slot.ARGUMENTS;
    this.head.forEach((value, index) => view.setUint32(at + 4 * index, value, true));
    this.task.writeAt(at + Task.LOOP_HEAD, values);
  }

  read() {
    return undefined;
  }
}
