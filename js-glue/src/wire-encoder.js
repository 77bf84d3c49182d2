import { WeftError } from './errors.js';
import {
  UNDEFINED, NULL, FALSE, TRUE, INT, FLOAT, BIG, HUGE, LATIN, WIDE, AGAIN, VIEW, COPY, BUFFER,
  DATE, REGEXP, ARRAY, LIST, OBJECT, MAP, SET, ERROR, HANDLE, MEMORY, BARE, ASCII, END,
  viewNumber,
} from './wire.js';

const DEPTH_MAX = 1000;

/** Characters that are not worth a TextEncoder. */
const SHORT = 64;
const utf8 = new TextEncoder();

/**
 * Where something is in a value, for messages.
 *
 * @param {(string | number)[]} path  what it is, then indices and names
 */
function place([whole, ...steps]) {
  return whole + steps.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  }).join('');
}

/** Turns values into bytes. */
export class Encoder {
  /**
   * @param {ArrayBufferLike} memory  the runtime's
   * @param {(object: any, where: string) => void} [hold]  called for each view on the
   *   memory and each shared object; may throw
   */
  constructor(memory, hold) {
    this.memory = memory;
    this.hold = hold;
    this.busy = false;
    this.bytes = new Uint8Array(1024);
    this.view = new DataView(this.bytes.buffer);
    this.at = 0;
    /** @type {Map<object, number>} */
    this.seen = new Map();
    /** @type {(string | number)[]} where in the whole value we are */
    this.path = [];
  }

  /**
   * The bytes of a value; they are good until the next call.
   *
   * @param {unknown} value  @param {string} where  names it in messages
   * @returns {Uint8Array}
   * @throws {WeftError} `WEFT_ERR_INVALID` when it cannot travel; what `hold` throws
   */
  encode(value, where) {
    // A getter of the value may come back here.
    if (this.busy) return new Encoder(this.memory, this.hold).encode(value, where);
    this.busy = true;
    try {
      this.begin(where);
      this.value(value);
      return this.bytes.subarray(0, this.at);
    } finally {
      this.busy = false;
    }
  }

  /** @param {string} where */
  begin(where) {
    this.at = 0;
    this.path = [where];
    if (this.seen.size > 0) this.seen = new Map(); // a Map that is cleared names its next table, and keeps it alive
  }

  /** Makes room for some bytes and passes them. @param {number} count @returns {number} */
  step(count) {
    const start = this.at;
    const end = start + count;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.at = end;
    return start;
  }

  /** @param {number} value */
  byte(value) {
    const at = this.step(1);
    this.bytes[at] = value;
  }

  /** @param {number} value */
  word(value) {
    const at = this.step(4);
    this.view.setUint32(at, value, true);
  }

  /** @param {number} value */
  float(value) {
    const at = this.step(8);
    this.view.setFloat64(at, value, true);
  }

  /** @param {any} value */
  value(value) {
    switch (typeof value) {
      case 'number':
        return this.number(value);
      case 'string':
        return this.string(value);
      case 'boolean':
        return this.byte(value ? TRUE : FALSE);
      case 'undefined':
        return this.byte(UNDEFINED);
      case 'bigint':
        return this.bigint(value);
      case 'object':
        return value === null ? this.byte(NULL) : this.object(value);
      default:
        return this.refuse(`a ${typeof value}`);
    }
  }

  /** @param {number} value */
  number(value) {
    const integer = value | 0;
    if (integer === value && (integer !== 0 || 1 / value > 0)) { // -0 is none
      this.byte(INT);
      this.word(integer);
    } else {
      this.byte(FLOAT);
      this.float(value);
    }
  }

  /** @param {bigint} value */
  bigint(value) {
    const small = BigInt.asIntN(64, value) === value;
    this.byte(small ? BIG : HUGE);
    if (!small) return this.string(String(value));
    const at = this.step(8);
    this.view.setBigInt64(at, value, true);
  }

  /** @param {string} text */
  string(text) {
    const { length } = text;
    const start = this.step(5 + length);
    const { bytes } = this;
    this.view.setUint32(start + 1, length, true);
    if (length > SHORT && utf8.encodeInto(text, bytes.subarray(start + 5, this.at)).read === length) {
      bytes[start] = ASCII; // as many bytes as characters
      return;
    }
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bits |= code;
      bytes[start + 5 + i] = code;
    }
    if (bits > 255) return this.wide(text, start);
    bytes[start] = bits > 127 ? LATIN : ASCII;
  }

  /** @param {string} text  @param {number} start */
  wide(text, start) {
    const { length } = text;
    this.step(length);
    const codes = new Uint16Array(length);
    for (let i = 0; i < length; i++) codes[i] = text.charCodeAt(i);
    this.bytes[start] = WIDE;
    this.bytes.set(new Uint8Array(codes.buffer), start + 5);
  }

  /** @param {string} what  @param {string} [why]  @returns {never} */
  refuse(what, why = 'only plain data, typed arrays, errors and shared objects travel between threads') {
    throw new WeftError('WEFT_ERR_INVALID', `${place(this.path)} is ${what}: ${why}`);
  }

  /** @param {string | number} step  @param {any} value  of a container */
  inner(step, value) {
    const { path } = this;
    if (path.length > DEPTH_MAX) {
      throw new WeftError('WEFT_ERR_INVALID', `${path[0]} is nested more than ${DEPTH_MAX} levels deep`);
    }
    path.push(step);
    this.value(value);
    path.pop();
  }

  /** @param {any} value */
  object(value) {
    const number = this.seen.get(value);
    if (number !== undefined) {
      this.byte(AGAIN);
      return this.word(number);
    }
    this.seen.set(value, this.seen.size);
    if (ArrayBuffer.isView(value)) return this.array(value);
    if (Array.isArray(value)) return this.list(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype) return this.instance(value, prototype);
    this.byte(OBJECT);
    return this.properties(value, Object.keys(value));
  }

  /** @param {any} value  @param {any} prototype  not this realm's Object.prototype */
  instance(value, prototype) {
    if (typeof value.weftHandle === 'function') return this.handle(value);
    if (prototype === null) {
      this.byte(BARE);
      return this.properties(value, Object.keys(value));
    }
    // By the tag, so that values of another realm (node:vm, a test runner) count as well.
    switch (Object.prototype.toString.call(value).slice(8, -1)) {
      case 'Date':
        this.byte(DATE);
        return this.float(Date.prototype.getTime.call(value));
      case 'RegExp':
        this.byte(REGEXP);
        this.string(value.source);
        return this.string(value.flags);
      case 'Map':
        return this.map(value);
      case 'Set':
        this.byte(SET);
        [...value].forEach((item, index) => this.inner(index, item));
        return this.byte(END);
      case 'ArrayBuffer':
        return this.buffer(value);
      case 'SharedArrayBuffer':
        if (value === this.memory) return this.byte(MEMORY);
        return this.refuse('a SharedArrayBuffer of its own', 'only the memory of the runtime is shared with its workers');
      case 'Error':
        return this.error(value);
    }
    if (!Object.hasOwn(prototype, 'isPrototypeOf')) { // Object.prototype, of whichever realm
      return this.refuse(`an instance of ${prototype.constructor?.name || 'a class'}`);
    }
    this.byte(OBJECT);
    return this.properties(value, Object.keys(value));
  }

  /** @param {any} value  @param {string[]} keys */
  properties(value, keys) {
    for (const key of keys) {
      this.string(key);
      this.inner(key, value[key]);
    }
    this.byte(END);
  }

  /** @param {any[]} list */
  list(list) {
    const { length } = list;
    const keys = Object.keys(list);
    const whole = keys.length === length;
    this.byte(whole ? LIST : ARRAY);
    this.word(length);
    if (!whole) return this.properties(list, keys);
    for (let i = 0; i < length; i++) {
      const item = list[i];
      if (typeof item === 'number') this.number(item);
      else this.inner(i, item);
    }
  }

  /** @param {Map<any, any>} map */
  map(map) {
    this.byte(MAP);
    for (const [key, item] of [...map]) {
      this.inner('a key', key);
      this.inner(typeof key === 'string' || typeof key === 'number' ? key : 'a value', item);
    }
    this.byte(END);
  }

  /** @param {any} view */
  array(view) {
    const number = viewNumber(view) ?? this.refuse('a view of an unknown kind');
    if (view.buffer === this.memory) {
      if (this.hold) this.hold(view, place(this.path));
      this.shared(view, number);
    } else {
      if (!(view.buffer instanceof ArrayBuffer) && Object.prototype.toString.call(view.buffer) === '[object SharedArrayBuffer]') {
        this.refuse('a view of a SharedArrayBuffer of its own', 'copy it into the runtime\'s memory with rt.share()');
      }
      this.byte(COPY);
      this.byte(number);
      this.raw(view.buffer, view.byteOffset, view.byteLength);
    }
  }

  /** @param {any} view  on the runtime's memory  @param {number} number  its kind */
  shared(view, number) {
    this.byte(VIEW);
    this.byte(number);
    this.word(view.byteOffset);
    this.word(view.length ?? view.byteLength);
  }

  /** @param {ArrayBuffer} buffer */
  buffer(buffer) {
    this.byte(BUFFER);
    this.raw(buffer, 0, buffer.byteLength);
  }

  /** @param {ArrayBuffer} buffer  @param {number} offset  @param {number} length */
  raw(buffer, offset, length) {
    let source;
    try {
      source = new Uint8Array(buffer, offset, length);
    } catch {
      return this.refuse('detached', 'its memory was transferred');
    }
    this.word(length);
    const at = this.step(length);
    this.bytes.set(source, at);
  }

  /** @param {Error & { cause?: unknown }} error */
  error(error) {
    this.byte(ERROR);
    this.string(String(error.name));
    this.string(String(error.message));
    this.string(String(error.stack ?? ''));
    const keys = Object.keys(error).filter((key) => key !== 'name' && key !== 'message' && key !== 'stack');
    for (const key of ['cause', 'errors']) {
      if (Object.hasOwn(error, key) && !keys.includes(key)) keys.push(key);
    }
    this.properties(error, keys);
  }

  /** @param {{ weftHandle: () => import('./wire.js').Handle }} object */
  handle(object) {
    if (this.hold) this.hold(object, place(this.path));
    const { kind, address } = object.weftHandle();
    this.byte(HANDLE);
    this.byte(kind);
    this.word(address);
  }
}
