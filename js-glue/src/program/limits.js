/**
 * The limits of the memory that a module imports, of which JavaScript does not tell. Read without
 * checks: the module has been compiled.
 *
 * @param {Uint8Array} bytes  of the module
 * @returns {{ shared: boolean, minimum: number, maximum: number | undefined } | undefined}  in bytes
 */
export function memoryLimits(bytes) {
  let at = 8;
  function number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
  const skip = (/** @type {number} */ count) => {
    at += count;
  };
  const limits = () => {
    const flags = number();
    return { shared: (flags & 2) !== 0, minimum: number() * 65536, maximum: flags & 1 ? number() * 65536 : undefined };
  };
  while (at < bytes.length) {
    const section = number();
    const length = number();
    if (section !== 2) {
      skip(length);
      continue;
    }
    for (let count = number(); count > 0; count--) {
      skip(number());
      skip(number());
      const kind = number();
      if (kind === 2) return limits();
      if (kind === 0) number(); // a function's type
      else skip(kind === 3 ? 2 : 1); // a global's, a table's kind of elements, a tag's attribute
      if (kind === 1) limits();
      if (kind === 4) number();
    }
    return undefined;
  }
  return undefined;
}
