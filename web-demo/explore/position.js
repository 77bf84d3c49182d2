/** Places in the plane with as many digits as a deep zoom needs: integers in units of 2^-BITS. */

export const BITS = 480;

const word = new DataView(new ArrayBuffer(8));

/** The integer that a double stands for, without any rounding above 2^-BITS. @param {number} value @returns {bigint} */
export function toFixed(value) {
  if (value === 0 || !Number.isFinite(value)) return 0n;
  word.setFloat64(0, value);
  const bits = word.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (exponent > 0 ? 1n << 52n : 0n);
  const shift = BigInt(BITS + Math.max(exponent, 1) - 1075);
  const magnitude = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return value < 0 ? -magnitude : magnitude;
}

/** The nearest double, or nearly so. @param {bigint} fixed */
export function toDouble(fixed) {
  const magnitude = fixed < 0n ? -fixed : fixed;
  const length = magnitude.toString(16).length * 4;
  const drop = Math.max(0, length - 64);
  const value = Number(magnitude >> BigInt(drop)) * 2 ** (drop - BITS);
  return fixed < 0n ? -value : value;
}

/** @param {string} text  a decimal number */
export function parseFixed(text) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) throw new RangeError(`${text} is not a decimal number`);
  const magnitude = (BigInt(whole + fraction) << BigInt(BITS)) / 10n ** BigInt(fraction.length);
  return sign ? -magnitude : magnitude;
}

/** Rounded. @param {bigint} fixed  @param {number} digits  after the point */
export function formatFixed(fixed, digits) {
  const magnitude = fixed < 0n ? -fixed : fixed;
  const scaled = ((magnitude * 10n ** BigInt(digits) + (1n << BigInt(BITS - 1))) >> BigInt(BITS)).toString().padStart(digits + 1, '0');
  return `${fixed < 0n ? '-' : ''}${scaled.slice(0, -digits)}.${scaled.slice(-digits)}`;
}

/**
 * The orbit of 0 under z -> z^2 + c, as far as it stays near: what deep pictures are drawn
 * relative to. Grows when more of it is asked for.
 */
export class Orbit {
  /** @param {bigint} re  @param {bigint} im  @param {number} step  of the picture */
  constructor(re, im, step) {
    this.re = re;
    this.im = im;
    this.step = step;
    /** Digits that matter: those of a pixel, and some for the error to grow in. */
    this.bits = Math.min(BITS, Math.ceil(-Math.log2(step)) + 96);
    const drop = BigInt(BITS - this.bits);
    this.c = [re >> drop, im >> drop];
    this.z = [0n, 0n];
    /** @type {number[]} re and im, in turn */
    this.points = [0, 0];
    this.escaped = false;
  }

  /** Pictures about this place can be drawn by it. @param {bigint} re @param {bigint} im @param {number} step @param {number} reach  pixels */
  serves(re, im, step, reach) {
    if (step < this.step / 2 ** 20) return false;
    const limit = step * reach;
    return Math.abs(toDouble(re - this.re)) < limit && Math.abs(toDouble(im - this.im)) < limit;
  }

  /** @param {number} length */
  extend(length) {
    const { bits, c, points } = this;
    const shift = BigInt(bits);
    let [zr, zi] = this.z;
    const scale = 2 ** -60;
    const drop = shift - 60n;
    while (!this.escaped && points.length < 2 * length) {
      const next = ((zr * zr - zi * zi) >> shift) + c[0];
      zi = ((zr * zi) >> (shift - 1n)) + c[1];
      zr = next;
      const re = Number(zr >> drop) * scale;
      const im = Number(zi >> drop) * scale;
      points.push(re, im);
      this.escaped = re * re + im * im > 1e6;
    }
    this.z = [zr, zi];
    return this;
  }
}
