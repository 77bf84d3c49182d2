/**
 * Sets what Node's console.log prints of an object, in the place of its insides: one line, such
 * as `Channel { capacity: 16, values: 0, closed: false }`.
 *
 * @template {object} T
 * @param {T} object  or the prototype of several
 * @param {string} kind
 * @param {(object: T) => object} state  what is printed of it
 */
export function showAs(object, kind, state) {
  Object.defineProperty(object, Symbol.for('nodejs.util.inspect.custom'), {
    /** @this {T}  @param {number} _  @param {object} options  @param {(value: object, options: object) => string} inspect */
    value(_, options, inspect) {
      return `${kind} ${inspect(state(this), { ...options, compact: true, breakLength: Infinity })}`;
    },
  });
}
