/** Colours of the pictures: rings of colours, so that they may go round any number of times. */

export const PALETTE_SIZE = 2048;

/** @type {Record<string, { name: string, stops: string[] }>} */
export const PALETTES = {
  loom: { name: 'Loom', stops: ['#0b1026', '#1d3a8a', '#2aa7c9', '#f4f1de', '#f2a541', '#c8553d', '#3b0d2e'] },
  moss: { name: 'Moss', stops: ['#06140f', '#14532d', '#65a30d', '#fef9c3', '#d9a441', '#3f2a14'] },
  ember: { name: 'Ember', stops: ['#0c0610', '#4c0519', '#be123c', '#fb923c', '#fff7d6', '#7c2d12'] },
  ink: { name: 'Ink', stops: ['#0a0a0a', '#f5f5f4', '#57534e', '#e7e5e4'] },
};

/** @param {string} hex */
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/**
 * The ring, as the RGBA words that canvases hold.
 *
 * @param {string} name
 * @returns {Uint32Array}
 */
export function paletteOf(name) {
  const stops = (PALETTES[name] ?? PALETTES.loom).stops.map(channels);
  return Uint32Array.from({ length: PALETTE_SIZE }, (_, i) => {
    const place = (i / PALETTE_SIZE) * stops.length;
    const [from, to] = [stops[Math.floor(place)], stops[(Math.floor(place) + 1) % stops.length]];
    const t = place % 1;
    const s = t * t * (3 - 2 * t);
    const [r, g, b] = from.map((value, at) => Math.round(value + (to[at] - value) * s));
    return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** Colours of workers, told apart in light and dark and by people who see few colours. */
const WORKERS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#7a5cc9'];

/** @param {number} worker  from 0 */
export const workerColour = (worker) => WORKERS[worker % WORKERS.length];
