/** Links to a view: `#explore?re=-0.743&im=0.131&zoom=700&colours=loom`, and `julia` with its seed. */
import { formatFixed, parseFixed } from './position.js';

/** A place has no more digits than the deepest zoom tells apart. */
const LENGTH_MAX = 200;

/**
 * @typedef {object} Place
 * @property {bigint} re  @property {bigint} y  of the middle; y grows downwards
 * @property {number} zoom  @property {string} palette
 * @property {{ re: number, y: number } | undefined} seed  of a Julia set
 */

/** The middle of a view, real and imaginary part, in as many digits as tell its pixels apart. @param {{ re: bigint, y: bigint, step: number }} view */
export function placeText({ re, y, step }) {
  const digits = Math.max(4, Math.ceil(-Math.log10(step)) + 1);
  return [re, -y].map((part) => formatFixed(part, digits));
}

/** @param {Place & { step: number }} view  @returns {string}  from the # on */
export function writeLink({ zoom, palette, seed, ...view }) {
  const [re, im] = placeText(view);
  const julia = seed && { julia: `${seed.re},${-seed.y}` };
  return `#explore?${new URLSearchParams({ re, im, zoom: zoom.toPrecision(4), colours: palette, ...julia })}`;
}

/** @param {string} text  what follows the question mark  @returns {Place}  @throws {RangeError} it has no place */
export function readLink(text) {
  const link = new URLSearchParams(text);
  const [re, im] = ['re', 'im'].map((name) => parseFixed((link.get(name) ?? '').slice(0, LENGTH_MAX)));
  const zoom = Number(link.get('zoom') ?? 1);
  if (!(zoom > 0 && zoom < Infinity)) throw new RangeError(`${link.get('zoom')} is no zoom`);
  const seed = link.get('julia')?.split(',').map(Number);
  if (seed && !(seed.length === 2 && seed.every(Number.isFinite))) throw new RangeError(`${link.get('julia')} is no point`);
  return { re, y: -im, zoom, palette: link.get('colours') ?? '', seed: seed && { re: seed[0], y: -seed[1] } };
}
