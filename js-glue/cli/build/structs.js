import { element, parseType, scalarOf } from './ctype.js';

/**
 * @typedef {import('./interface.js').Facts} Facts
 * @typedef {import('./ctype.js').CType} CType
 */

/**
 * A struct as the loader writes it: `code` makes its view in JavaScript, `type` is that of its
 * members in TypeScript.
 *
 * @typedef {{ code: string, type: string }} StructText
 */

/** The structs and enums that the functions of one source speak of, by their names in JavaScript. */
export class Structs {
  /** @param {Facts} facts */
  constructor(facts) {
    this.facts = facts;
    /** Those before others that hold them. @type {Map<string, StructText>} */
    this.texts = new Map();
    /** @type {Map<string, Record<string, number>>} */
    this.enums = new Map();
    /** @type {Map<string, string>} */
    this.names = new Map();
    for (const [name, { record }] of Object.entries(facts.typedefs)) {
      if (record !== undefined && (name === record || !this.names.has(record))) this.names.set(record, name);
    }
  }

  /** The name of a struct or enum: its typedef, else its tag. @param {string} key  @returns {string | undefined} */
  nameOf(key) {
    return this.names.get(key) ?? (/^\w+$/.test(key) ? key : undefined);
  }

  /** Takes in the structs and enums that a type speaks of. @param {CType} type  @returns {void} */
  use(type) {
    if (type.kind === 'pointer') this.use(type.to);
    else if (type.kind === 'array') this.use(type.of);
    else if (type.kind === 'record') this.useRecord(type.key);
    else if (type.kind === 'enum') {
      const name = this.nameOf(type.key);
      if (name !== undefined) this.enums.set(name, this.facts.enums[type.key].values);
    }
  }

  /** @param {string} key */
  useRecord(key) {
    const name = this.nameOf(key);
    if (name === undefined || this.texts.has(name)) return;
    const text = this.recordText(key);
    this.texts.set(name, text); // behind its members
  }

  /** @param {string} key  @returns {StructText} */
  recordText(key) {
    const { bytes } = this.facts.records[key];
    const members = this.members(key, 0);
    return {
      code: `/* @__PURE__ */ struct(${bytes}, { ${members.map(({ name, offset, code }) => `${name}: [${offset}, ${code}]`).join(', ')} })`,
      type: members.map(({ name, readonly, type }) => `${readonly ? 'readonly ' : ''}${name}: ${type};`).join(' '),
    };
  }

  /**
   * Those that have a view: not bit fields, flexible arrays, nor what is not aligned to its size.
   *
   * @param {string} key  @param {number} start  offset of the struct
   * @returns {{ name: string, offset: number, code: string, type: string, readonly: boolean }[]}
   */
  members(key, start) {
    return this.facts.records[key].fields.flatMap(({ name, type, offset }) => {
      const parsed = parseType(type, this.facts);
      const at = start + offset;
      if (name === '') return parsed.kind === 'record' ? this.members(parsed.key, at) : [];
      const scalar = scalarOf(element(parsed), this.facts);
      if (scalar && parsed.kind === 'array' && at % scalar.bytes !== 0) return []; // packed
      const text = this.valueText(parsed);
      return text ? [{ name, offset: at, ...text, readonly: parsed.kind === 'array' || parsed.kind === 'record' }] : [];
    });
  }

  /** @param {CType} type  @returns {StructText | undefined} */
  valueText(type) {
    if (type.kind === 'enum') this.use(type);
    const scalar = scalarOf(type, this.facts);
    if (scalar) return { code: scalar.type === 'boolean' ? '\'Bool\'' : `'${scalar.view}'`, type: scalar.type };
    if (type.kind === 'array') return this.arrayText(type.of, type.count);
    if (type.kind !== 'record') return undefined;
    const name = this.nameOf(type.key);
    if (name === undefined) {
      const { code, type: text } = this.recordText(type.key);
      return { code, type: `{ ${text} }` };
    }
    this.useRecord(type.key);
    return { code: `$${name}`, type: `structs.${name}` };
  }

  /** @param {CType} of  @param {number} count  @returns {StructText | undefined} */
  arrayText(of, count) {
    if (count === 0) return undefined;
    const scalar = scalarOf(of, this.facts);
    if (of.kind === 'enum') this.use(of);
    if (scalar) return { code: `['${scalar.view}', ${count}]`, type: `${scalar.view}Array` };
    const text = this.valueText(of);
    return text && { code: `[${text.code}, ${count}]`, type: `readonly (${text.type})[]` };
  }
}

/** What NAME.js holds where functions take structs. */
export const STRUCT_CODE = `
const PLACE = /* @__PURE__ */ Symbol('place');
const place = (value) => value?.[PLACE] ?? value;
const sizeOf = (type) => type.bytes ?? (Array.isArray(type) ? sizeOf(type[0]) * type[1] : type === 'Bool' ? 1 : Number(/\\d+/.exec(type)) / 8);

function read(data, at, type, owner) {
  if (type === 'Bool') return data.getUint8(at) !== 0;
  if (typeof type === 'string') return data['get' + type](at, true);
  if (!Array.isArray(type)) return type.view(data, at, owner);
  const [of, count] = type;
  if (typeof of === 'string') return new globalThis[of + 'Array'](data.buffer, at, count);
  return Array.from({ length: count }, (_, i) => read(data, at + i * sizeOf(of), of, owner));
}

function write(data, at, type, value) {
  if (type === 'Bool') data.setUint8(at, value ? 1 : 0);
  else data['set' + type](at, value, true);
}

function struct(bytes, members) {
  class View {
    #data;
    #at;
    #owner;
    constructor(data, at, owner) {
      this.#data = data;
      this.#at = at;
      this.#owner = owner;
    }
    get [PLACE]() {
      const start = this.#at - this.#owner?.byteOffset;
      return this.#owner ? this.#owner.subarray(start, start + bytes) : this.#at;
    }
    [Symbol.for('nodejs.util.inspect.custom')]() {
      return Object.fromEntries(Object.keys(members).map((name) => [name, this[name]]));
    }
    static {
      for (const [name, [offset, type]] of Object.entries(members)) {
        Object.defineProperty(this.prototype, name, {
          enumerable: true,
          get() { return read(this.#data, this.#at + offset, type, this.#owner); },
          set: typeof type === 'string' ? function (value) { write(this.#data, this.#at + offset, type, value); } : undefined,
        });
      }
    }
  }
  const views = (buffer, at, count, owner) => {
    const data = new DataView(buffer);
    const list = Array.from({ length: count }, (_, i) => new View(data, at + i * bytes, owner));
    return Object.defineProperty(list, PLACE, { value: owner ?? at });
  };
  return {
    bytes,
    view: (data, at, owner) => new View(data, at, owner),
    async create(count = 1) {
      const rt = await open();
      const memory = rt.array(Uint8Array, bytes * count).fill(0);
      const list = views(memory.buffer, memory.byteOffset, count, memory);
      return Object.defineProperty(list, 'free', { value: () => rt.free(memory) });
    },
    async at(address, count = 1) {
      const rt = await open();
      if (!(address > 0 && address + count * bytes <= rt.memory.buffer.byteLength)) throw new RangeError('there are no structs at ' + address);
      return views(rt.memory.buffer, address, count);
    },
  };
}
`;

/** What NAME.d.ts holds there. */
export const STRUCT_TYPES = `
declare const kind: unique symbol;

/** Structs in the runtime's memory, one after the other. Passes as a pointer to the first. */
export type StructArray<T> = readonly T[] & { readonly [kind]: 'array' };

export interface Struct<T> {
  /** sizeof */
  readonly bytes: number;
  /** Zeroed ones; \`free\` gives their memory back. */
  create(count?: number): Promise<StructArray<T> & { free(): void }>;
  /** Those that a pointer from C points to. */
  at(address: number, count?: number): Promise<StructArray<T>>;
}
`;
