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
  _Bool: scalar('Uint8', 1), bool: scalar('Uint8', 1), char: scalar('Int8', 1), 'signed char': scalar('Int8', 1), 'unsigned char': scalar('Uint8', 1),
  short: scalar('Int16', 2), 'unsigned short': scalar('Uint16', 2),
  int: scalar('Int32', 4), 'unsigned int': scalar('Uint32', 4), long: scalar('Int32', 4), 'unsigned long': scalar('Uint32', 4),
  'long long': scalar('BigInt64', 8, 'bigint'), 'unsigned long long': scalar('BigUint64', 8, 'bigint'),
  float: scalar('Float32', 4), double: scalar('Float64', 8),
};
const POINTER = scalar('Uint32', 4);

/** @typedef {Record<string, string>} Typedefs */

/** @param {string} type */
const plain = (type) => type.replace(/\b(?:const|volatile|restrict|_Atomic)\b/g, '').replace(/\s+/g, ' ').replace(/\( ?(.*?) ?\)$/, (whole, inner) =>
  (/[*(]/.test(inner) ? whole : inner)).trim();

/** @param {string} type  @param {Typedefs} typedefs  @returns {string} without qualifiers and typedefs */
export function resolve(type, typedefs) {
  let text = plain(type);
  for (let step = 0; step < 32 && Object.hasOwn(typedefs, text); step++) {
    const next = plain(typedefs[text]);
    if (next === `struct ${text}` || next === text) break; // an unnamed struct
    text = next;
  }
  const [, pointee] = /^([\w ]+) ?\*$/.exec(text) ?? [];
  if (pointee !== undefined) return `${resolve(pointee, typedefs)} *`;
  return text;
}

/** @param {string} type  resolved  @returns {Scalar | undefined} */
export function scalarOf(type) {
  if (Object.hasOwn(SCALARS, type)) return SCALARS[type];
  if (type.endsWith('*') || /\(\*.*\)/.test(type)) return POINTER;
  return type.startsWith('enum ') ? SCALARS.int : undefined;
}

/** The name of the struct that a resolved pointer type points to. @param {string} type */
export function pointedStruct(type) {
  const name = /^(?:struct |union )?(\w+) \*$/.exec(type)?.[1];
  return name === undefined || Object.hasOwn(SCALARS, name) || name === 'void' ? undefined : name;
}

/**
 * The TypeScript type of an argument.
 *
 * @param {string} type  of C, resolved  @param {string} letter  of WebAssembly  @param {Set<string>} structs
 */
export function argumentType(type, letter, structs) {
  if (letter === 'I') return 'bigint';
  if (letter !== 'i') return 'number';
  if (type === '_Bool' || type === 'bool') return 'boolean | number';
  const [, pointee] = /^(.*?) ?\*$/.exec(type) ?? [];
  if (pointee === undefined) return 'number';
  const struct = pointedStruct(type);
  if (struct !== undefined) return structs.has(struct) ? `StructView | Pointer` : 'Pointer';
  if (pointee === 'char') return 'string | Int8Array | Uint8Array | Pointer';
  if (pointee === 'unsigned char') return 'Uint8Array | Uint8ClampedArray | Pointer';
  const found = Object.hasOwn(SCALARS, pointee) ? SCALARS[pointee] : undefined;
  return found ? `${found.view}Array | Pointer` : 'ArrayBufferView | Pointer';
}

/** @param {string} letter  of WebAssembly, empty for none */
export function resultType(letter) {
  if (letter === '') return 'void';
  return letter === 'I' ? 'bigint' : 'number';
}
