/** @param {Uint8Array} bytes */
export function isWasm(bytes) {
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  return magic.every((byte, index) => bytes[index] === byte);
}
