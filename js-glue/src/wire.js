/**
 * Values on their way between threads, as bytes in shared memory. A structured clone, but
 * for typed arrays on the runtime's memory and shared handles, which arrive as themselves.
 *
 * A value is a tag and what the tag asks for, without padding, little endian. Objects are
 * numbered as they begin, on both sides alike; a second mention is a number.
 */

export const UNDEFINED = 0;
export const NULL = 1;
export const FALSE = 2;
export const TRUE = 3;
export const INT = 4; // i32
export const FLOAT = 5; // f64
export const BIG = 6; // i64
export const HUGE = 7; // any other BigInt: its text
export const LATIN = 8; // length, one byte a character
export const WIDE = 9; // length, two bytes a character
export const AGAIN = 10; // the number of an object
export const VIEW = 11; // on the runtime's memory: type, byteOffset, length
export const COPY = 12; // another typed array: type, bytes
export const BUFFER = 13; // bytes
export const DATE = 14;
export const REGEXP = 15; // source, flags
export const ARRAY = 16; // length, then its properties, since it may have holes
export const LIST = 17; // an array without holes: length, then its values
export const OBJECT = 18; // names and values, then END
export const MAP = 19;
export const SET = 20;
export const ERROR = 21; // name, message, stack, then properties
export const HANDLE = 22; // kind, address
export const MEMORY = 23; // the runtime's memory
export const BARE = 24; // an object without prototype, as OBJECT
export const ASCII = 25; // length, one byte a character
export const END = 255;

export const VIEWS = /** @type {any[]} */ ([Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array,
  Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView]);
/** By constructor and, for subclasses and other realms, by name. */
const VIEW_NUMBERS = new Map(VIEWS.flatMap((View, number) => [[View, number], [View.name, number]]));

/**
 * A shared object, as its method weftHandle describes it.
 * @typedef {{ kind: number, address: number }} Handle
 */

/**
 * Which kind of view, as a number; undefined for what is none, or none that travels.
 *
 * @param {any} view
 * @returns {number | undefined}
 */
export function viewNumber(view) {
  return VIEW_NUMBERS.get(view.constructor) ?? VIEW_NUMBERS.get(view[Symbol.toStringTag]);
}
