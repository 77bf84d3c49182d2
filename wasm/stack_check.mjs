// stack_check.mjs: makes a WebAssembly module notice that its C overruns a stack.
//
//     node stack_check.mjs MODULE.wasm        changes the file
//
// What has an address in C lies on a stack in linear memory, and nothing guards the end of that:
// WebAssembly has no pages to protect. So where a function lowers the stack pointer this adds
//
//     if (stack_pointer < limit) trap
//
// Both are globals, of each instance and so of each thread: those that the exports
// weft_thread_pointer and weft_thread_limit return ("Stacks" in wasm/ABI.md). RESERVE bytes from
// the limit down still belong to the stack. They are for functions that need no check: those that
// are in no recursion, call nothing through a pointer, and have small frames, all along every path
// of such functions. That is why a loop over a leaf costs nothing, and why the allocator and the
// scheduler are not cut short where they must not be. A leaf's frame of up to 128 bytes, which
// clang may place without moving the stack pointer (the red zone), is in the reserve as well. It
// does the same with an array of variable length in a leaf, so all our code and that of users is
// compiled with -disable-red-zone.
//
// On the way numbers lose the leading zeros that the linker leaves, and names that no stack shows go.
// Indices and the names of functions stay. Line numbers of DWARF would not, so a module that has them
// is left as it is.

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** WEFT__STACK_RESERVE in C. */
const RESERVE = 1024;
const RED_ZONE = 128;
const UNCHECKED_MAX = RESERVE - RED_ZONE;

const [CUSTOM, IMPORT, GLOBAL, EXPORT, CODE] = [0, 2, 6, 7, 10];
const FUNCTION_NAMES = 1;
const KIND_FUNCTION = 0;
const KIND_GLOBAL = 3;
const [UNREACHABLE, IF, END, CALL, CALL_INDIRECT, LOCAL_GET, LOCAL_TEE, GLOBAL_GET, GLOBAL_SET] =
  [0x00, 0x04, 0x0b, 0x10, 0x11, 0x20, 0x22, 0x23, 0x24];
const [I32_CONST, I32_LT_S, I32_LT_U, I32_ADD, I32_SUB] = [0x41, 0x48, 0x49, 0x6a, 0x6b];
/** Calls that one does not know the end of, those of tails included. */
const INDIRECT = [CALL_INDIRECT, 0x12, 0x13, 0x14, 0x15];
const VOID = 0x40;

/** Bytes of a number of 32 bits. */
const LONGEST = 5;

/** Imports that call nothing of the module. */
const LEAVES = /^(?:wasi_snapshot_preview1\..*|wasi\.thread-spawn|weft\.(?:now|cpu_count|signal))$/;

/** @param {number} value  @returns {number[]} LEB128 */
function unsigned(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

/** @param {number} value  @returns {number[]} LEB128 */
function signed(value) {
  const bytes = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value & 127];
}

/** Reads numbers, and steps over what is in between. */
class Reader {
  /** @param {Uint8Array} bytes  @param {number} at  @param {number} end */
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** @param {number} count */
  skip(count) {
    this.at += count;
    if (this.at > this.end) throw new Error('it is cut short');
  }

  byte() {
    this.skip(1);
    return this.bytes[this.at - 1];
  }

  unsigned() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = this.byte();
      value += (next & 127) * scale;
      if (next < 128) return value;
    }
  }

  /** Of 32 bits. */
  signed() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      value |= (next & 127) << shift;
      if (next < 128) return shift < 28 && next & 64 ? value | (-1 << (shift + 7)) : value;
    }
  }

  name() {
    const length = this.unsigned();
    this.skip(length);
    return new TextDecoder().decode(this.bytes.slice(this.at - length, this.at));
  }

  /** @template T  @param {() => T} item  @returns {T[]} */
  list(item) {
    return Array.from({ length: this.unsigned() }, item);
  }
}

/**
 * What follows an opcode: n a number, m the place in memory that is read or written, v numbers,
 * c the clauses of a try_table, a digit so many bytes (h for sixteen).
 *
 * @type {Record<string, string>}
 */
const OPERANDS = {
  '00-01': '', '02-04': 'n', '05': '', '06-09': 'n', '0a-0b': '', '0c-0d': 'n', '0e': 'vn', '0f': '', 10: 'n', 11: 'nn', 12: 'n',
  13: 'nn', '14-15': 'n', 18: 'n', '19-1b': '', '1c': 'v', '1f': 'nc', '20-26': 'n', '28-3e': 'm', '3f-42': 'n', 43: '4', 44: '8',
  '45-c4': '', d0: 'n', d1: '', d2: 'n',
  'fc00-fc07': '', fc08: 'nn', fc09: 'n', fc0a: 'nn', fc0b: 'n', fc0c: 'nn', fc0d: 'n', fc0e: 'nn', 'fc0f-fc11': 'n',
  'fd00-fd0b': 'm', 'fd0c-fd0d': 'h', 'fd0e-fd14': '', 'fd15-fd22': '1', 'fd23-fd53': '', 'fd54-fd5b': 'm1', 'fd5c-fd5d': 'm',
  'fd5e-fdff': '', 'fd100-fd113': '', 'fe00-fe02': 'm', fe03: '1', 'fe10-fe4e': 'm',
};

/** The same by opcode. @type {Map<string, string>} */
const operands = new Map();
for (const [range, kinds] of Object.entries(OPERANDS)) {
  const [first, last = first] = range.split('-');
  for (let code = parseInt(first, 16); code <= parseInt(last, 16); code++) operands.set(code.toString(16).padStart(2, '0'), kinds);
}

/** Steps over an instruction's operands. @param {Reader} reader  @param {number} code */
function skipOperands(reader, code) {
  const name = code.toString(16).padStart(2, '0') + (code >= 0xfc && code <= 0xfe ? reader.unsigned().toString(16).padStart(2, '0') : '');
  const kinds = operands.get(name);
  if (kinds === undefined) throw new Error(`it has an instruction 0x${name}, which is unknown`);
  for (const kind of kinds) {
    if (kind === 'n') reader.unsigned();
    else if (kind === 'v') reader.list(() => reader.unsigned());
    else if (kind === 'c') reader.list(() => (reader.byte() < 2 && reader.unsigned(), reader.unsigned()));
    else if (kind === 'm') {
      if (reader.unsigned() & 64) reader.unsigned();
      reader.unsigned();
    } else reader.skip(kind === 'h' ? 16 : Number(kind));
  }
}

/** @param {Reader} reader  @returns {{ name: string, kind: number }} */
function readImport(reader) {
  const name = `${reader.name()}.${reader.name()}`;
  const kind = reader.byte();
  const limits = () => {
    const flags = reader.unsigned();
    for (let count = flags & 1 ? 2 : 1; count > 0; count--) reader.unsigned();
  };
  if (kind === 0) reader.unsigned();
  else if (kind === 1) (reader.byte(), limits());
  else if (kind === 2) limits();
  else if (kind === 3) reader.skip(2);
  else (reader.byte(), reader.unsigned());
  return { name, kind };
}

/**
 * @typedef {object} Site  where a function lowers the stack pointer, or may do so
 * @property {number} at  behind the instruction
 * @property {number} bytes  by how much; Infinity: unknown
 * @property {number[]} value  code for the stack pointer that it has set
 *
 * @typedef {object} Body
 * @property {number} start  @property {number} end
 * @property {number[]} calls  indices of functions
 * @property {boolean} indirect  calls what cannot be told
 * @property {Site[]} sites
 * @property {Edit[]} edits
 *
 * @typedef {object} Edit  a number with leading zeros, which the linker leaves; the same without
 * @property {number} at  @property {number} end
 * @property {number[]} code
 */

/** @param {Uint8Array} bytes  of a module */
function readModule(bytes) {
  const reader = new Reader(bytes, 8, bytes.length);
  /** @type {{ id: number, name: string, head: number, start: number, end: number }[]} */
  const sections = [];
  /** @type {string[]} of imported functions */
  const imports = [];
  /** @type {Map<string, number>} exported functions */
  const exports = new Map();
  /** @type {{ start: number, end: number }[]} */
  let places = [];
  let importedGlobals = 0;
  while (reader.at < bytes.length) {
    const head = reader.at;
    const id = reader.byte();
    const size = reader.unsigned();
    const start = reader.at;
    reader.end = start + size;
    if (reader.end > bytes.length) throw new Error('it is cut short');
    const name = id === CUSTOM ? reader.name() : '';
    if (id === IMPORT) {
      for (const each of reader.list(() => readImport(reader))) {
        if (each.kind === KIND_FUNCTION) imports.push(each.name);
        if (each.kind === KIND_GLOBAL) importedGlobals++;
      }
    } else if (id === EXPORT) {
      reader.list(() => {
        const [key, kind, index] = [reader.name(), reader.byte(), reader.unsigned()];
        if (kind === KIND_FUNCTION) exports.set(key, index);
      });
    } else if (id === CODE) {
      places = reader.list(() => {
        const length = reader.unsigned();
        reader.skip(length);
        return { start: reader.at - length, end: reader.at };
      });
    }
    sections.push({ id, name, head, start, end: start + size });
    reader.at = start + size;
    reader.end = bytes.length;
  }
  return { sections, imports, exports, places, importedGlobals };
}

/**
 * The global that a function returns, and what it adds to it.
 *
 * @param {Uint8Array} bytes  @param {{ start: number, end: number }[]} places
 * @param {number} imported  @param {number} at  index of the place
 * @returns {{ index: number, add: number }}
 */
function readGlobal(bytes, places, imported, at) {
  const reader = readerOf(bytes, places[at]);
  const [code, operand, next] = [reader.byte(), reader.unsigned(), reader.byte()];
  const add = next === I32_CONST ? reader.signed() : 0;
  if (code === CALL) return { index: readGlobal(bytes, places, imported, operand - imported).index, add };
  if (code !== GLOBAL_GET) throw new Error('its weft_thread_pointer or weft_thread_limit returns no global');
  return { index: operand, add };
}

/** A reader of the code of a function. @param {Uint8Array} bytes  @param {{ start: number, end: number }} place */
function readerOf(bytes, { start, end }) {
  const reader = new Reader(bytes, start, end);
  reader.list(() => (reader.unsigned(), reader.unsigned())); // locals
  return reader;
}

/**
 * @param {Uint8Array} bytes  @param {{ start: number, end: number }} place
 * @param {number} pointer  the stack pointer's global
 * @returns {Body}
 */
function readBody(bytes, place, pointer) {
  const reader = readerOf(bytes, place);
  /** @type {Body} */
  const body = { ...place, calls: [], indirect: false, sites: [], edits: [] };
  // The instructions before, the last one first.
  let before = [{ code: -1, operand: 0 }, { code: -1, operand: 0 }, { code: -1, operand: 0 }];
  while (reader.at < place.end) {
    const code = reader.byte();
    const at = reader.at;
    let operand = 0;
    if (code === I32_CONST) operand = reader.signed();
    else if (code === CALL || (code >= LOCAL_GET && code <= GLOBAL_SET)) operand = reader.unsigned();
    else skipOperands(reader, code);
    if (reader.at - at === LONGEST && (code === CALL || code === I32_CONST || code === GLOBAL_GET || code === GLOBAL_SET)) {
      body.edits.push({ at, end: reader.at, code: (code === I32_CONST ? signed : unsigned)(operand) });
    }
    if (code === CALL) body.calls.push(operand);
    if (INDIRECT.includes(code)) body.indirect = true;
    if (code === GLOBAL_SET && operand === pointer) {
      const [last] = before;
      const known = last.code === LOCAL_TEE || last.code === LOCAL_GET;
      const [operation, amount] = last.code === LOCAL_TEE ? before.slice(1) : before;
      const constant = amount.code === I32_CONST && amount.operand >= 0;
      if (operation.code !== I32_ADD || !constant) { // else it raises it
        body.sites.push({
          at: reader.at,
          bytes: operation.code === I32_SUB && constant ? amount.operand : Infinity,
          value: known ? [LOCAL_GET, ...unsigned(last.operand)] : [GLOBAL_GET, ...unsigned(pointer)],
        });
      }
    }
    before = [{ code, operand }, before[0], before[1]];
  }
  return body;
}

/**
 * The functions that can come back to themselves by direct calls (Tarjan, 1972).
 *
 * @param {Body[]} bodies  @param {number} imported  @returns {Set<number>}
 */
function findRecursive(bodies, imported) {
  /** @type {Set<number>} */
  const found = new Set();
  /** @type {number[]} */
  const open = [];
  const order = new Int32Array(bodies.length);
  const low = new Int32Array(bodies.length);
  const isOpen = new Uint8Array(bodies.length);
  let count = 0;
  /** @param {number} index */
  const visit = (index) => {
    order[index] = low[index] = ++count;
    isOpen[index] = 1;
    open.push(index);
    for (const target of bodies[index].calls) {
      const next = target - imported;
      if (next < 0) continue;
      if (next === index) found.add(index);
      if (order[next] === 0) visit(next);
      if (isOpen[next]) low[index] = Math.min(low[index], low[next]);
    }
    if (low[index] !== order[index]) return;
    const ring = open.splice(open.lastIndexOf(index));
    for (const each of ring) isOpen[each] = 0;
    if (ring.length > 1) for (const each of ring) found.add(each);
  };
  for (let index = 0; index < bodies.length; index++) if (order[index] === 0) visit(index);
  return found;
}

/**
 * The functions whose sites have to be checked.
 *
 * @param {Body[]} bodies  @param {string[]} imports  @returns {Set<number>}
 */
function chooseChecked(bodies, imports) {
  const recursive = findRecursive(bodies, imports.length);
  /** @type {Set<number>} */
  const checked = new Set();
  /**
   * What a function and all that it calls take of the reserve, up to the next check; Infinity: it
   * cannot be told.
   *
   * @type {Map<number, number>}
   */
  const depths = new Map();
  /** @param {number} index  @returns {number} */
  const depthOf = (index) => {
    const known = depths.get(index);
    if (known !== undefined) return known;
    const { calls, indirect, sites } = bodies[index];
    const frame = sites.reduce((sum, site) => sum + site.bytes, 0);
    let depth = frame;
    if (indirect || recursive.has(index) || calls.some((target) => target < imports.length && !LEAVES.test(imports[target]))) depth = Infinity;
    for (const target of calls) {
      if (depth > UNCHECKED_MAX) break;
      if (target >= imports.length) depth = Math.max(depth, frame + depthOf(target - imports.length));
    }
    if (depth > UNCHECKED_MAX) {
      checked.add(index);
      // One that checks as it begins: what is above it needs not count what is below.
      depth = sites.length > 0 && sites[0].bytes < Infinity ? 0 : Infinity;
    }
    depths.set(index, depth);
    return depth;
  };
  bodies.forEach((_, index) => depthOf(index));
  return checked;
}

/**
 * The global section with another first value of one of its globals.
 *
 * @param {Uint8Array} bytes  @param {{ start: number, end: number }} section
 * @param {number} wanted  which; those that are imported do not count  @param {number} value
 * @returns {Uint8Array}
 */
function setGlobal(bytes, { start, end }, wanted, value) {
  const reader = new Reader(bytes, start, end);
  let from = start;
  let to = start;
  reader.list(() => reader).forEach((_, index) => {
    reader.skip(2); // type and whether it changes
    if (index === wanted) from = reader.at;
    for (let code = reader.byte(); code !== END; code = reader.byte()) skipOperands(reader, code);
    if (index === wanted) to = reader.at;
  });
  const parts = [bytes.subarray(start, from), Uint8Array.of(I32_CONST, ...signed(value), END), bytes.subarray(to, end)];
  return Uint8Array.of(GLOBAL, ...unsigned(lengthOf(parts)), ...parts.flatMap((part) => [...part]));
}

/**
 * The name section with the names of functions alone: no stack shows those of globals and segments,
 * and the module's is that of a temporary file.
 *
 * @param {Uint8Array} bytes  @param {{ start: number, end: number }} section
 * @returns {Uint8Array}
 */
function keepFunctionNames(bytes, { start, end }) {
  const reader = new Reader(bytes, start, end);
  reader.name();
  const parts = [bytes.subarray(start, reader.at)];
  while (reader.at < end) {
    const from = reader.at;
    const kind = reader.byte();
    reader.skip(reader.unsigned());
    if (kind === FUNCTION_NAMES) parts.push(bytes.subarray(from, reader.at));
  }
  return Uint8Array.of(CUSTOM, ...unsigned(lengthOf(parts)), ...parts.flatMap((part) => [...part]));
}

/** @param {Uint8Array[]} parts */
const lengthOf = (parts) => parts.reduce((sum, part) => sum + part.length, 0);

/**
 * The same module with checks.
 *
 * @param {Uint8Array} bytes
 * @returns {{ bytes: Uint8Array, checks: number }}
 * @throws {Error} whose message says, of "it", why it cannot be done
 */
export function addStackChecks(bytes) {
  const { sections, imports, exports, places, importedGlobals } = readModule(bytes);
  if (sections.some(({ name }) => name.startsWith('.debug_'))) throw new Error('it has line numbers, which would be wrong then');
  const [pointerOf, limitOf, isChecked] = ['weft_thread_pointer', 'weft_thread_limit', 'weft_thread_checked'].map((name) => {
    const index = exports.get(name);
    if (index === undefined) throw new Error(`it exports no ${name}: weft is not in it`);
    if (index - imports.length >= places.length) throw new Error('it is cut short');
    return index - imports.length;
  });
  if (bytes[places[isChecked].end - 2] !== 0) return { bytes, checks: 0 };
  const pointer = readGlobal(bytes, places, imports.length, pointerOf).index;
  const { index: limit, add } = readGlobal(bytes, places, imports.length, limitOf);
  const bodies = places.map((place) => readBody(bytes, place, pointer));
  const checked = chooseChecked(bodies, imports);
  const limitCode = [GLOBAL_GET, ...unsigned(limit), ...(add === 0 ? [] : [I32_CONST, ...signed(add), I32_ADD])];
  let checks = 0;

  /** @param {Body} body  @param {number} index  @returns {Uint8Array[]} */
  const checkBody = (body, index) => {
    if (index === isChecked) return [Uint8Array.of(0, I32_CONST, 1, END)];
    const edits = [...body.edits];
    for (const { at, bytes: size, value } of checked.has(index) ? body.sites : []) {
      // A larger frame may leave the address space on the main thread's stack, which begins at 0.
      const test = size <= RESERVE ? [...value, ...limitCode, I32_LT_U] : [...value, ...limitCode, I32_SUB, I32_CONST, 0, I32_LT_S];
      edits.push({ at, end: at, code: [...test, IF, VOID, UNREACHABLE, END] });
      checks++;
    }
    edits.sort((one, other) => one.end - other.end); // a check is behind the number that it follows
    let from = body.start;
    const parts = [];
    for (const { at, end, code } of edits) {
      parts.push(bytes.subarray(from, at), Uint8Array.from(code));
      from = end;
    }
    return [...parts, bytes.subarray(from, body.end)];
  };

  const code = [Uint8Array.from(unsigned(bodies.length))];
  bodies.forEach((body, index) => {
    const parts = checkBody(body, index);
    code.push(Uint8Array.from(unsigned(lengthOf(parts))), ...parts);
  });
  const parts = sections.flatMap((section) => {
    if (section.id === CODE) return [Uint8Array.of(CODE, ...unsigned(lengthOf(code))), ...code];
    // The main thread's: no frame from RESERVE down, and none of what is not checked, passes 0.
    if (section.id === GLOBAL && add === 0) return [setGlobal(bytes, section, limit - importedGlobals, 2 * RESERVE)];
    if (section.name === 'name') return [keepFunctionNames(bytes, section)];
    return [bytes.subarray(section.head, section.end)];
  });
  return { bytes: new Uint8Array(Buffer.concat([bytes.subarray(0, 8), ...parts])), checks };
}

function main() {
  const [file] = process.argv.slice(2);
  try {
    writeFileSync(file, addStackChecks(readFileSync(file)).bytes);
  } catch (error) {
    console.error(`stack_check: ${file} gets no stack checks: ${error.message}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
