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
 * @property {(MemoryType & { imported: boolean }) | undefined} memory
 */

const PAGE = 65536;
/** @type {Record<number, string>} */
const LETTERS = { 0x7f: 'i', 0x7e: 'I', 0x7d: 'f', 0x7c: 'F' };

/**
 * @param {Uint8Array} bytes  a WebAssembly binary, version 1
 * @returns {Signatures}
 * @throws {RangeError} when the sections are malformed
 */
export function readSignatures(bytes) {
  const decoder = new TextDecoder();
  let at = 8;
  let end = bytes.length; // of the section
  const malformed = () => new RangeError(`malformed at byte ${at}`);

  function byte() {
    if (at >= end) throw malformed();
    return bytes[at++];
  }

  /** LEB128; a multiplication instead of a shift, because memory64 limits pass 32 bits. */
  function unsigned() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
  }

  /** The number of bytes that follow. */
  function size() {
    const length = unsigned();
    if (length > end - at) throw malformed();
    return length;
  }

  function name() {
    const length = size();
    at += length;
    return decoder.decode(bytes.slice(at - length, at)); // a copy: it takes no shared memory
  }

  /** @template T  @param {() => T} item  @returns {T[]} */
  function list(item) {
    const items = [];
    for (let count = unsigned(); count > 0; count--) items.push(item());
    return items;
  }

  function valueType() {
    const type = byte();
    if (type === 0x63 || type === 0x64) unsigned(); // a typed reference's heap type
    return LETTERS[type] ?? '?';
  }

  function functionType() {
    if (byte() !== 0x60) throw malformed(); // no function's
    return { params: list(valueType).join(''), results: list(valueType).join('') };
  }

  /** Flags: 1 has a maximum, 2 shared, 4 64-bit. */
  function limits() {
    const flags = unsigned();
    const minimum = unsigned() * PAGE;
    return { shared: (flags & 2) !== 0, minimum, maximum: flags & 1 ? unsigned() * PAGE : undefined };
  }

  /** @type {FunctionType[]} */
  let types = [];
  /** @type {Signatures['memory']} */
  let memory;
  /** @type {number[]} of the functions, those imported first */
  const typeIndices = [];
  /** @type {Map<string, FunctionType>} */
  const functions = new Map();

  function importEntry() {
    name(); // of the module
    name();
    const kind = byte();
    if (kind === 0) typeIndices.push(unsigned());
    else if (kind === 1) (valueType(), limits()); // a table
    else if (kind === 2) memory ??= { ...limits(), imported: true };
    else if (kind === 3) (valueType(), byte()); // a global
    else if (kind === 4) (byte(), unsigned()); // a tag
    else throw malformed();
  }

  function exportEntry() {
    const key = name();
    const kind = byte();
    const index = unsigned();
    if (kind === 0) functions.set(key, types[typeIndices[index]]);
  }

  /** By their numbers, in the order in which they come. @type {Record<number, () => void>} */
  const sections = {
    1: () => { types = list(functionType); },
    2: () => { list(importEntry); },
    3: () => { list(() => typeIndices.push(unsigned())); },
    5: () => {
      const [own] = list(limits);
      if (own) memory ??= { ...own, imported: false };
    },
    7: () => { list(exportEntry); },
  };
  while (at < bytes.length) {
    const id = byte();
    const next = size() + at;
    end = next;
    sections[id]?.();
    at = next;
    end = bytes.length;
  }
  return { functions, memory };
}

/**
 * True when a job slot can carry the arguments and the result.
 *
 * @param {FunctionType} type
 */
export function isCallable({ params, results }) {
  return params.length <= ARGUMENTS_MAX && results.length <= 1 && !(params + results).includes('?');
}
