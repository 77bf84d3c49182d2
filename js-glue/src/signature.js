import { ARGUMENTS_MAX } from './layout.js';

/**
 * Reads from a module's bytes what JavaScript cannot be asked for: the types of the
 * exported functions and the limits of the memory.
 *
 * @typedef {object} FunctionType
 * @property {string} params  one letter each: i i32, I i64, f f32, F f64, ? anything else
 * @property {string} results
 *
 * @typedef {object} MemoryType
 * @property {boolean} shared
 * @property {number} minimum  in bytes
 * @property {number | undefined} maximum  in bytes
 *
 * @typedef {object} Signatures
 * @property {Map<string, FunctionType>} functions  exported functions
 * @property {{ module: string, name: string, kind: string }[]} imports
 * @property {(MemoryType & { imported: boolean }) | undefined} memory
 */

const PAGE = 65536;
const KINDS = ['function', 'table', 'memory', 'global', 'tag'];
/** @type {Record<number, string>} */
const LETTERS = { 0x7f: 'i', 0x7e: 'I', 0x7d: 'f', 0x7c: 'F' };

class Reader {
  /** @param {Uint8Array} bytes  @param {number} at  @param {number} end */
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte() {
    if (this.at >= this.end) throw new RangeError('unexpected end');
    return this.bytes[this.at++];
  }

  /** LEB128; a multiplication instead of a shift, because memory64 limits pass 32 bits. */
  unsigned() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  name() {
    const length = this.unsigned();
    if (length > this.end - this.at) throw new RangeError('unexpected end');
    this.at += length;
    return new TextDecoder().decode(this.bytes.slice(this.at - length, this.at));
  }

  /** @template T  @param {() => T} item  @returns {T[]} */
  list(item) {
    const items = [];
    for (let count = this.unsigned(); count > 0; count--) items.push(item());
    return items;
  }

  valueType() {
    const byte = this.byte();
    if (byte === 0x63 || byte === 0x64) this.unsigned(); // a typed reference's heap type
    return LETTERS[byte] ?? '?';
  }

  functionType() {
    if (this.byte() !== 0x60) throw new RangeError('a type that is not a function');
    const params = this.list(() => this.valueType()).join('');
    const results = this.list(() => this.valueType()).join('');
    return { params, results };
  }

  /** Flags: 1 has a maximum, 2 shared, 4 64-bit. */
  limits() {
    const flags = this.unsigned();
    const minimum = this.unsigned() * PAGE;
    const maximum = flags & 1 ? this.unsigned() * PAGE : undefined;
    return { shared: (flags & 2) !== 0, minimum, maximum };
  }

  importEntry() {
    const module = this.name();
    const name = this.name();
    const kind = KINDS[this.byte()];
    const entry = { module, name, kind, type: -1, memory: /** @type {any} */ (undefined) };
    if (kind === 'function') entry.type = this.unsigned();
    else if (kind === 'table') (this.valueType(), this.limits());
    else if (kind === 'memory') entry.memory = this.limits();
    else if (kind === 'global') (this.valueType(), this.byte());
    else if (kind === 'tag') (this.byte(), this.unsigned());
    else throw new RangeError('an import of an unknown kind');
    return entry;
  }
}

/** @param {Uint8Array} bytes */
export function isWasm(bytes) {
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  return magic.every((byte, index) => bytes[index] === byte);
}

/**
 * @param {Uint8Array} bytes  a WebAssembly binary, version 1
 * @returns {Signatures}
 * @throws {RangeError} when the sections are malformed
 */
export function readSignatures(bytes) {
  /** @type {Reader[]} */
  const sections = [];
  for (const outer = new Reader(bytes, 8, bytes.length); outer.at < bytes.length; ) {
    const id = outer.byte();
    const size = outer.unsigned();
    if (size > outer.end - outer.at) throw new RangeError('unexpected end');
    sections[id] = new Reader(bytes, outer.at, outer.at + size);
    outer.at += size;
  }
  /** @template T @param {number} id @param {(reader: Reader) => T} item @returns {T[]} */
  const entries = (id, item) => sections[id]?.list(() => item(sections[id])) ?? [];

  const types = entries(1, (reader) => reader.functionType());
  const imports = entries(2, (reader) => reader.importEntry());
  const typeIndices = [
    ...imports.filter(({ kind }) => kind === 'function').map(({ type }) => type),
    ...entries(3, (reader) => reader.unsigned()),
  ];
  const ownMemories = entries(5, (reader) => reader.limits());
  /** @type {Map<string, FunctionType>} */
  const functions = new Map();
  entries(7, (reader) => {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === 0) functions.set(name, types[typeIndices[index]]);
  });
  const imported = imports.find(({ kind }) => kind === 'memory')?.memory;
  const memory = imported ? { ...imported, imported: true } : undefined;
  return {
    functions,
    imports,
    memory: memory ?? (ownMemories[0] && { ...ownMemories[0], imported: false }),
  };
}

/**
 * True when a job slot can carry the arguments and the result.
 *
 * @param {FunctionType} type
 */
export function isCallable({ params, results }) {
  return params.length <= ARGUMENTS_MAX && results.length <= 1 && !(params + results).includes('?');
}
