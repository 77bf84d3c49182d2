/** Types of C on wasm32, as the compiler writes them, and what they are in JavaScript. */

/**
 * @typedef {object} Scalar
 * @property {string} view  of DataView and of the typed arrays, such as Float64
 * @property {number} bytes
 * @property {string} type  of TypeScript
 */

/** @param {string} view  @param {number} bytes  @param {string} [type]  @returns {Scalar} */
const scalar = (view, bytes, type = 'number') => ({ view, bytes, type });

/** @type {Record<string, Scalar>} */
const SCALARS = {
  _Bool: scalar('Uint8', 1, 'boolean'), bool: scalar('Uint8', 1, 'boolean'),
  char: scalar('Int8', 1), 'signed char': scalar('Int8', 1), 'unsigned char': scalar('Uint8', 1),
  short: scalar('Int16', 2), 'unsigned short': scalar('Uint16', 2),
  int: scalar('Int32', 4), 'unsigned int': scalar('Uint32', 4), long: scalar('Int32', 4), 'unsigned long': scalar('Uint32', 4),
  'long long': scalar('BigInt64', 8, 'bigint'), 'unsigned long long': scalar('BigUint64', 8, 'bigint'),
  float: scalar('Float32', 4), double: scalar('Float64', 8),
};

/**
 * A type of C. `key` is that of Facts.
 * @typedef {{ kind: 'scalar', name: string, scalar: Scalar } | { kind: 'pointer', to: CType } |
 *   { kind: 'array', of: CType, count: number } | { kind: 'record', key: string } |
 *   { kind: 'enum', key: string } | { kind: 'shared', name: string } | { kind: 'other' }} CType
 */

/** Objects of weft that a runtime makes, and passes to C as pointers. @type {Record<string, string>} */
const SHARED = { weft_mutex: 'Mutex', weft_semaphore: 'Semaphore', weft_event: 'Event', weft_channel: 'Channel' };

/** @type {CType} */
const OTHER = { kind: 'other' }; // void, a function, a type that JavaScript has nothing for
const QUALIFIERS = /\b(?:const|volatile|restrict|__restrict|_Nonnull|_Nullable|_Noreturn)\b|__attribute__\(\(.*?\)\)/g;
const UNNAMED = /(?:(?:struct|union|enum) )?(?:[\w ()]+::)*\((?:unnamed|anonymous)[^()]* at ([^()]*:\d+:\d+)\)/;

/** What stands for a struct, union or enum: its tag, or the place of one that has none. @param {string} text */
export const keyOf = (text) => UNNAMED.exec(text)?.[1] ?? text.replace(/^(?:struct|union|enum) /, '').trim();

/** @param {CType} type  @param {string} text  such as `[2][3]`  @returns {CType} */
function wrapInArrays(type, text) {
  const counts = [...text.matchAll(/\[(\d*)\]/g)].map(([, count]) => Number(count));
  return counts.reduceRight((of, count) => ({ kind: 'array', of, count }), type);
}

/**
 * @param {string} name  without its declarator  @param {string | undefined} place  of one without a tag
 * @param {import('./interface.js').Facts} facts  @returns {CType}
 */
function parseBase(name, place, facts) {
  const { typedefs, records, enums } = facts;
  if (Object.hasOwn(SCALARS, name)) return { kind: 'scalar', name, scalar: SCALARS[name] };
  const key = place ?? name.replace(/^(?:struct|union|enum) /, '');
  if (Object.hasOwn(SHARED, key)) return { kind: 'shared', name: SHARED[key] };
  if (place === undefined && key === name && Object.hasOwn(typedefs, name)) {
    const { type, record } = typedefs[name];
    if (record !== undefined && Object.hasOwn(records, record)) return { kind: 'record', key: record };
    if (record !== undefined && Object.hasOwn(enums, record)) return { kind: 'enum', key: record };
    return record === name || type === name ? OTHER : parseType(type, facts);
  }
  if (Object.hasOwn(enums, key)) return { kind: 'enum', key };
  return Object.hasOwn(records, key) ? { kind: 'record', key } : OTHER;
}

/**
 * @param {string} text  as clang writes it
 * @param {import('./interface.js').Facts} facts  of the same source
 * @returns {CType}
 */
export function parseType(text, facts) {
  const place = UNNAMED.exec(text)?.[1];
  const words = text.replace(UNNAMED, '?').replace(QUALIFIERS, ' ').replace(/_Atomic\(([^()]*)\)/g, '$1')
    .replace(/\b_Atomic\b/g, ' ').replace(/\s+/g, ' ').replace(/ ?([*[\]()]) ?/g, '$1').trim();
  const [, base, stars, rest] = /^([\w ?]+)(\**)(.*)$/.exec(words) ?? [];
  if (base === undefined) return OTHER;
  /** @type {CType} */
  let type = parseBase(base.trim(), place, facts);
  for (let i = 0; i < stars.length; i++) type = { kind: 'pointer', to: type };
  const [, inner, outer] = /^\(\*+([^()]*)\)(.*)$/.exec(rest) ?? [];
  if (inner !== undefined) { // a pointer to a function or array, or an array of those
    return wrapInArrays({ kind: 'pointer', to: outer.startsWith('[') ? wrapInArrays(type, outer) : OTHER }, inner);
  }
  return rest.startsWith('(') ? OTHER : wrapInArrays(type, rest);
}

const POINTER = scalar('Uint32', 4);

/**
 * What a value of a type is in memory, if it is a number.
 *
 * @param {CType} type  @param {import('./interface.js').Facts} facts  @returns {Scalar | undefined}
 */
export function scalarOf(type, facts) {
  if (type.kind === 'scalar') return type.scalar;
  if (type.kind === 'pointer') return POINTER;
  if (type.kind !== 'enum') return undefined;
  const { packed, values } = facts.enums[type.key];
  if (packed) return undefined; // of any size
  return Object.values(values).some((value) => value < 0) ? SCALARS.int : SCALARS['unsigned int'];
}

/** What pointers to a type point to in the end: an array's elements. @param {CType} type  @returns {CType} */
export const element = (type) => (type.kind === 'array' ? element(type.of) : type);

/**
 * The TypeScript type of an argument.
 *
 * @param {CType} type  @param {string} letter  of WebAssembly
 * @param {import('./interface.js').Facts} facts
 * @param {(key: string) => string | undefined} nameOf  of a struct that has a view
 */
export function argumentType(type, letter, facts, nameOf) {
  if (letter === 'I') return 'bigint';
  if (letter !== 'i') return 'number';
  if (type.kind === 'scalar') return type.scalar.type === 'boolean' ? 'boolean | number' : 'number';
  if (type.kind !== 'pointer') return 'number';
  const to = element(type.to);
  if (to.kind === 'record') {
    const name = nameOf(to.key);
    return name === undefined ? 'Pointer' : `structs.${name} | StructArray<structs.${name}> | Pointer`;
  }
  if (to.kind === 'shared') return `import('weft').${to.name} | ArrayBufferView | Pointer`;
  if (to.kind === 'scalar' && to.name === 'char') return 'string | Int8Array | Uint8Array | Pointer';
  if (to.kind === 'scalar' && to.name === 'unsigned char') return 'Uint8Array | Uint8ClampedArray | Pointer';
  const found = scalarOf(to, facts);
  return found ? `${found.view}Array | Pointer` : 'ArrayBufferView | Pointer';
}

/**
 * The TypeScript type of a result, and how it comes from what WebAssembly returns.
 *
 * @param {CType} type  @param {string} letter  of WebAssembly, empty for none
 * @param {import('./interface.js').Facts} facts
 * @returns {{ type: string, from?: 'boolean' | 'unsigned' | 'unsigned64' }}
 */
export function resultOf(type, letter, facts) {
  if (letter === '') return { type: 'void' };
  const view = scalarOf(type, facts)?.view;
  if (letter === 'I') return { type: 'bigint', ...(view === 'BigUint64' ? { from: 'unsigned64' } : {}) };
  if (type.kind === 'scalar' && type.scalar.type === 'boolean') return { type: 'boolean', from: 'boolean' };
  return { type: 'number', ...(letter === 'i' && view === 'Uint32' ? { from: 'unsigned' } : {}) };
}
