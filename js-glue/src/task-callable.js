import { WeftError } from './errors.js';
import { unreadable } from './show.js';
import { Slot, Task } from './layout.js';
import { viewNumber } from './wire.js';

/** @typedef {import('./codec.js').Codec} Codec */

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
