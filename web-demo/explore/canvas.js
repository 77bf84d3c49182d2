/**
 * One picture in the shared memory, as demo.c draws it. The names of the fields are those of
 * `struct view` and `struct tile` there.
 */
import { PALETTE_SIZE } from './palette.js';

export const TILE = 32;
export const PIXELS_MAX = 2_400_000;
export const ITERATIONS_MAX = 24_000;

/** More than any canvas of so many pixels, with sides of 64 pixels or more, has. @param {number} pixels */
const mostTiles = (pixels) => Math.ceil(pixels / TILE / TILE) + Math.ceil(pixels / 64 / TILE) * 2 + 64;
const DOUBLES = { left: 0, top: 1, step: 2, seedRe: 3, seedIm: 4, colours: 5, begunMs: 6, endedMs: 7 };
const WORDS = { width: 16, height: 17, cell: 18, iterations: 19, julia: 20, orbitLength: 21, running: 22, fine: 23 };
const TILE_DOUBLES = 3;
const TILE_WORDS = 6;

/** How long a slice may keep the page waiting where there are no workers. */
const SLICE_MS = 8;

/**
 * What to draw.
 * @typedef {object} Scene
 * @property {number} width  @property {number} height
 * @property {number} left  of the first pixel; relative to the orbit's point where there is one
 * @property {number} top  @property {number} step
 * @property {number} iterations
 * @property {boolean} julia  @property {number} seedRe  @property {number} seedIm
 * @property {number} colours
 * @property {import('./position.js').Orbit} [orbit]
 */

export class Picture {
  /** @param {import('../weft/browser.js').Runtime} rt  @param {number} [pixels]  that there is room for */
  constructor(rt, pixels = PIXELS_MAX) {
    const tiles = mostTiles(pixels);
    this.rt = rt;
    this.view = rt.array(Float64Array, 12);
    this.words = new Int32Array(this.view.buffer, this.view.byteOffset, 24);
    this.pixels = rt.array(Uint32Array, pixels);
    this.tiles = rt.array(Float64Array, TILE_DOUBLES * tiles);
    this.tileWords = new Int32Array(this.tiles.buffer, this.tiles.byteOffset, TILE_WORDS * tiles);
    this.palette = rt.array(Uint32Array, PALETTE_SIZE);
    this.orbit = rt.array(Float64Array, 2 * (ITERATIONS_MAX + 2));
    this.columns = 0;
    this.count = 0;
  }

  /** No call may be pending. */
  free() {
    for (const array of [this.view, this.pixels, this.tiles, this.palette, this.orbit]) this.rt.free(array);
  }

  /** A job that was cancelled may go on for some rows of a tile. */
  get running() {
    return Atomics.load(this.words, WORDS.running) !== 0;
  }

  /** @param {Scene} scene */
  prepare(scene) {
    const { view, words } = this;
    for (const name of /** @type {const} */ (['left', 'top', 'step', 'seedRe', 'seedIm', 'colours'])) {
      view[DOUBLES[name]] = scene[name];
    }
    words[WORDS.width] = this.width = scene.width;
    words[WORDS.height] = this.height = scene.height;
    words[WORDS.iterations] = scene.iterations;
    words[WORDS.julia] = Number(scene.julia);
    words[WORDS.orbitLength] = scene.orbit ? scene.orbit.points.length / 2 : 0;
    if (scene.orbit) this.orbit.set(scene.orbit.points);
    this.columns = Math.ceil(scene.width / TILE);
    this.count = this.columns * Math.ceil(scene.height / TILE);
    this.tileWords.fill(0, 0, TILE_WORDS * this.count);
  }

  /** Draws with samples `cell` pixels apart; 0: four samples for each pixel. @param {number} cell  @param {AbortSignal} signal */
  async pass(cell, signal) {
    const { rt, view, pixels, tiles, palette, orbit, count } = this;
    this.words[WORDS.cell] = Math.max(1, cell);
    this.words[WORDS.fine] = Number(cell === 0);
    const calls = rt.with({ signal, label: `tiles ${cell}` });
    let took = 0;
    let step = rt.info.threads > 0 ? count : 1;
    for (let first = 0; first < count;) {
      const last = Math.min(count, first + step);
      await calls.call('demo_draw', view, pixels, tiles, palette, orbit, first, last);
      const slice = view[DOUBLES.endedMs] - view[DOUBLES.begunMs];
      took += slice;
      first = last;
      step = Math.max(1, Math.floor(step * Math.min(2, SLICE_MS / Math.max(0.05, slice))));
    }
    return took;
  }

  /** When the last call began and ended, by the clock of the workers. */
  get times() {
    return { begunMs: this.view[DOUBLES.begunMs], endedMs: this.view[DOUBLES.endedMs] };
  }

  /** The size of the samples that a tile shows; 0: not drawn yet. @param {number} index */
  cellOf(index) {
    return Atomics.load(this.tileWords, TILE_WORDS * index + 5);
  }

  /** The worker that drew a tile, from 0; -1: nobody. @param {number} index */
  workerOf(index) {
    return this.tileWords[TILE_WORDS * index + 4] - 1;
  }

  /** @param {number} index */
  tileTimes(index) {
    return { begunMs: this.tiles[TILE_DOUBLES * index], endedMs: this.tiles[TILE_DOUBLES * index + 1] };
  }
}

/** Brings a picture's tiles to a canvas as they are finished: canvases refuse shared memory, so by a copy. */
export class Screen {
  /** @param {HTMLCanvasElement} canvas  @param {HTMLCanvasElement} overlay  for the workers' colours */
  constructor(canvas, overlay) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
    this.overlay = overlay;
    this.marks = /** @type {CanvasRenderingContext2D} */ (overlay.getContext('2d'));
    this.spare = document.createElement('canvas');
    this.resize(canvas.width, canvas.height);
  }

  /** @param {number} width  @param {number} height */
  resize(width, height) {
    const old = this.snapshot();
    for (const canvas of [this.canvas, this.overlay, this.spare]) Object.assign(canvas, { width, height });
    this.context.drawImage(old, 0, 0, width, height);
    this.image = new ImageData(width, height);
    this.words = new Uint32Array(this.image.data.buffer);
    this.shown = new Uint8Array(0);
  }

  snapshot() {
    const copy = document.createElement('canvas');
    Object.assign(copy, { width: Math.max(1, this.canvas.width), height: Math.max(1, this.canvas.height) });
    copy.getContext('2d')?.drawImage(this.canvas, 0, 0);
    return copy;
  }

  /**
   * Shows the picture that is there as it would look from the next view, until its tiles come.
   *
   * @param {number} scale  @param {number} x  @param {number} y  where its first pixel goes
   */
  move(scale, x, y) {
    const { width, height } = this.canvas;
    const spare = /** @type {CanvasRenderingContext2D} */ (this.spare.getContext('2d', { alpha: false }));
    spare.drawImage(this.canvas, 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(this.spare, x, y, width * scale, height * scale);
  }

  /** A new picture begins. @param {Picture} picture */
  begin(picture) {
    this.shown = new Uint8Array(picture.count);
    this.marks.clearRect(0, 0, this.overlay.width, this.overlay.height);
  }

  /**
   * Copies what has been drawn since the last time.
   *
   * @param {Picture} picture
   * @param {((worker: number) => string) | undefined} colourOf  of workers, to be laid over
   * @returns {number}  tiles copied
   */
  update(picture, colourOf) {
    const { columns, count } = picture;
    let copied = 0;
    for (let row = 0; row * columns < count; row++) {
      for (let column = 0; column < columns; column++) {
        const from = column;
        while (column < columns && this.#isNew(picture, row * columns + column)) column++;
        if (column > from) this.#copy(picture, row, from, column, colourOf);
        copied += column - from;
      }
    }
    return copied;
  }

  /** @param {Picture} picture  @param {number} index */
  #isNew(picture, index) {
    const cell = picture.cellOf(index);
    if (cell === this.shown[index]) return false;
    this.shown[index] = cell;
    return true;
  }

  /** @param {Picture} picture @param {number} row @param {number} from @param {number} to  columns @param {((worker: number) => string) | undefined} colourOf */
  #copy(picture, row, from, to, colourOf) {
    const { width, height } = picture;
    const [left, right] = [from * TILE, Math.min(to * TILE, width)];
    const [top, bottom] = [row * TILE, Math.min((row + 1) * TILE, height)];
    for (let y = top; y < bottom; y++) {
      this.words.set(picture.pixels.subarray(y * width + left, y * width + right), y * width + left);
    }
    this.context.putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
    if (colourOf) this.mark(picture, row, from, to, colourOf);
  }

  /** @param {Picture} picture @param {number} row @param {number} from @param {number} to @param {(worker: number) => string} colourOf */
  mark(picture, row, from, to, colourOf) {
    for (let column = from; column < to; column++) {
      const worker = picture.workerOf(row * picture.columns + column);
      if (worker < 0) continue;
      this.marks.clearRect(column * TILE, row * TILE, TILE, TILE);
      this.marks.globalAlpha = 0.55;
      this.marks.fillStyle = colourOf(worker);
      this.marks.fillRect(column * TILE, row * TILE, TILE - 1, TILE - 1);
    }
  }

  /** Lays the workers' colours over all that is shown, or takes them away. @param {Picture} picture @param {((worker: number) => string) | undefined} colourOf */
  markAll(picture, colourOf) {
    this.marks.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (!colourOf) return;
    for (let row = 0; row * picture.columns < picture.count; row++) this.mark(picture, row, 0, picture.columns, colourOf);
  }
}
