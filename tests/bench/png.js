// A PNG writer that is just enough for one picture: 8-bit RGB, one IDAT chunk.
// (PNG specification, third edition; zlib comes with Node.)

import zlib from 'node:zlib';

/** zlib.crc32 where Node has it (20.15 and later), else the same sum by table. */
const crc32 = zlib.crc32 ?? ((bytes) => {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
});

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xEDB88320 : c >>> 1;
  return c;
});

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** The bytes of a PNG file. @param {Uint8Array} rgb  three bytes a pixel, row by row */
export function encodePng(width, height, rgb) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, no filter method, not interlaced
  const rows = Buffer.alloc((3 * width + 1) * height); // each row begins with filter type 0
  for (let y = 0; y < height; y++) {
    rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), (3 * width + 1) * y + 1);
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    chunk('IHDR', header), chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Colours for escape counts: dark blue outside over white and amber, black inside. */
export function colourCounts(counts, max) {
  const stops = [[8, 12, 60], [30, 100, 190], [240, 248, 255], [255, 176, 32], [110, 30, 10]];
  const palette = Array.from({ length: max + 1 }, (_, n) => {
    if (n === max) return [0, 0, 0];
    const place = Math.sqrt(n / max) * (stops.length - 1);
    const [from, to] = [stops[Math.floor(place)], stops[Math.min(Math.ceil(place), 4)]];
    return from.map((value, i) => Math.round(value + (to[i] - value) * (place % 1)));
  });
  const rgb = new Uint8Array(3 * counts.length);
  counts.forEach((n, i) => rgb.set(palette[n], 3 * i));
  return rgb;
}
