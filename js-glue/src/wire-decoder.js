import { WeftError } from './errors.js';
import {
  UNDEFINED, NULL, FALSE, TRUE, INT, FLOAT, BIG, HUGE, LATIN, WIDE, AGAIN, VIEW, COPY, BUFFER,
  DATE, REGEXP, ARRAY, LIST, OBJECT, MAP, SET, ERROR, HANDLE, BARE, ASCII, END, VIEWS,
} from './wire.js';

const ERRORS = /** @type {any} */ ({ Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError });

/** Characters that are not worth a TextDecoder, and that one call makes at most. */
const SHORT = 64;
const CHUNK = 8192;
const ascii = new TextDecoder();
const wide = new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true });

/** @param {Uint8Array | Uint16Array} codes  not many @returns {string} */
const fromCodes = (codes) => String.fromCharCode.apply(null, /** @type {any} */ (codes));

/** Makes values of bytes. */
export class Decoder {
  /**
   * @param {ArrayBufferLike} memory  the runtime's
   * @param {(handle: import('./wire.js').Handle) => object} open  makes shared objects
   */
  constructor(memory, open) {
    this.memory = memory;
    this.open = open;
    this.shared = new DataView(memory);
    this.sharedBytes = new Uint8Array(memory);
    this.view = this.shared;
    this.bytes = this.sharedBytes;
    this.at = 0;
    /** @type {object[]} */
    this.seen = [];
  }

  /** Begins to read. @param {number} address  @param {DataView} [view]  default: of the memory */
  begin(address, view = this.shared) {
    if (this.view !== view) {
      this.view = view;
      this.bytes = view === this.shared ? this.sharedBytes : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    }
    this.at = address;
    if (this.seen.length > 0) this.seen = [];
  }

  /** @param {number} address  @param {DataView} [view]  @returns {any} */
  decode(address, view) {
    this.begin(address, view);
    return this.value();
  }

  byte() {
    return this.view.getUint8(this.at++);
  }

  word() {
    const at = this.at;
    this.at = at + 4;
    return this.view.getUint32(at, true);
  }

  float() {
    const at = this.at;
    this.at = at + 8;
    return this.view.getFloat64(at, true);
  }

  /** @template {object} T  @param {T} object  @returns {T} */
  note(object) {
    this.seen.push(object);
    return object;
  }

  /** @returns {any} */
  value() {
    const tag = this.byte();
    switch (tag) {
      case UNDEFINED: return undefined;
      case NULL: return null;
      case FALSE: return false;
      case TRUE: return true;
      case INT: return this.word() | 0;
      case FLOAT: return this.float();
      case BIG: return this.view.getBigInt64((this.at += 8) - 8, true);
      case HUGE: return BigInt(this.value());
      case ASCII: return this.text(1, ascii);
      case LATIN: return this.text(1, undefined);
      case WIDE: return this.text(2, wide);
      case AGAIN: return this.seen[this.word()];
      default: return this.object(tag);
    }
  }

  /**
   * @param {1 | 2} width  bytes of a character
   * @param {TextDecoder | undefined} decoder  for long ones, where there is one that is right
   */
  text(width, decoder) {
    const bytes = width * this.word();
    const start = this.at;
    this.at = start + bytes;
    if (width === 1 && bytes <= SHORT) return fromCodes(this.bytes.subarray(start, this.at));
    const copy = this.bytes.slice(start, this.at); // aligned, and decoders take no shared memory
    if (decoder && bytes > SHORT) {
      try {
        return decoder.decode(copy);
      } catch { /* half of a pair, which only single codes can carry */ }
    }
    const codes = width === 1 ? copy : new Uint16Array(copy.buffer);
    let text = '';
    for (let i = 0; i < codes.length; i += CHUNK) text += fromCodes(codes.subarray(i, i + CHUNK));
    return text;
  }

  /** @param {number} tag  @returns {any} */
  object(tag) {
    switch (tag) {
      case VIEW: {
        const View = VIEWS[this.byte()];
        const start = this.word();
        return this.note(new View(this.memory, start, this.word()));
      }
      case COPY: {
        const View = VIEWS[this.byte()];
        return this.note(new View(this.raw()));
      }
      case BUFFER: return this.note(this.raw());
      case DATE: return this.note(new Date(this.float()));
      case REGEXP: return this.note(new RegExp(this.value(), this.value()));
      case ARRAY: return this.properties(this.note(new Array(this.word())));
      case LIST: return this.list();
      case OBJECT: return this.properties(this.note({}));
      case BARE: return this.properties(this.note(Object.create(null)));
      case MAP: {
        const map = this.note(new Map());
        while (this.more()) map.set(this.value(), this.value());
        return map;
      }
      case SET: {
        const set = this.note(new Set());
        while (this.more()) set.add(this.value());
        return set;
      }
      case ERROR: return this.error();
      case HANDLE: {
        const kind = this.byte();
        return this.note(this.open({ kind, address: this.word() }));
      }
      default: return this.note(this.memory); // MEMORY
    }
  }

  /** False at END, which it passes. */
  more() {
    if (this.view.getUint8(this.at) !== END) return true;
    this.at++;
    return false;
  }

  raw() {
    const length = this.word();
    const start = this.view.byteOffset + this.at;
    this.at += length;
    const bytes = new Uint8Array(length);
    bytes.set(new Uint8Array(this.view.buffer, start, length));
    return bytes.buffer;
  }

  list() {
    const length = this.word();
    const list = this.note(/** @type {any[]} */ ([]));
    for (let i = 0; i < length; i++) list.push(this.value());
    return list;
  }

  /** @param {any} object */
  properties(object) {
    while (this.more()) {
      const key = this.value();
      const value = this.value();
      // A plain assignment to __proto__ would set the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
      else object[key] = value;
    }
    return object;
  }

  error() {
    const index = this.seen.push({}) - 1;
    const name = this.value();
    const message = this.value();
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0; // it brings its own
    const error = name === 'WeftError' ? new WeftError('WEFT_ERR_STATE', message) // its code follows
      : new (Object.hasOwn(ERRORS, name) ? ERRORS[name] : Error)(message);
    Error.stackTraceLimit = limit;
    this.seen[index] = error;
    const stack = this.value();
    const hide = (/** @type {string} */ key, /** @type {unknown} */ value) =>
      Object.defineProperty(error, key, { value, writable: true, configurable: true });
    if (error.name !== name) hide('name', name);
    hide('stack', stack);
    while (this.more()) {
      const key = this.value();
      const value = this.value();
      if (key === 'cause' || key === 'errors') hide(key, value);
      else error[key] = value;
    }
    return error;
  }
}
