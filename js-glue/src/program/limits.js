/**
 * The imports of a module, before it is compiled, and the limits of the memory among them, of which
 * JavaScript does not tell. Read without checks: of bytes that are no module it finds anything.
 *
 * @param {Uint8Array} bytes  of the module
 */
export function readImports(bytes) {
  /** @type {{ module: string, name: string }[]} */
  const imports = [];
  /** @type {{ shared: boolean, minimum: number, maximum: number | undefined } | undefined} */
  let memory; // in bytes
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
  const text = () => {
    const length = number();
    return String.fromCharCode(...bytes.subarray(at, at += length));
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
      imports.push({ module: text(), name: text() });
      const kind = number();
      if (kind === 2) memory = limits();
      else if (kind === 0) number(); // a function's type
      else skip(kind === 3 ? 2 : 1); // a global's, a table's kind of elements, a tag's attribute
      if (kind === 1) limits();
      if (kind === 4) number();
    }
    break;
  }
  return { imports, memory };
}
