/** Explore: the Mandelbrot set and Julia sets, drawn by all workers while the page stays free. */
import { readMeter, resetMeter } from '../meter.js';
import { announce, copyText, counted, find, isAbort, milliseconds, showError, times } from '../ui.js';
import { ITERATIONS_MAX, PIXELS_MAX, Picture, Screen } from './canvas.js';
import { listen } from './input.js';
import { placeText, readLink, writeLink } from './link.js';
import { PALETTES, paletteOf, workerColour } from './palette.js';
import { Orbit, parseFixed, toDouble, toFixed } from './position.js';

/** Half of the height of what is seen at home. */
const HOME = 1.35;
/** Below this step neighbouring doubles are too far apart. */
const DEEP_STEP = 2e-14;
const STEP_MIN = { mandelbrot: 1e-118, julia: 1e-15 };
/** A pass that is expected to take longer is preceded by a coarser one. */
const PASS_MS = 120;
/** Four samples for each pixel follow where one did not take longer. */
const FINE_MS = 1500;

const SEAHORSE = { re: '-0.743643887037158704752191506114774', y: '-0.131825904205311970493132056385139' };
/** A root of z25 = z23, where the same spiral winds around itself at every depth. */
const ENDLESS = {
  re: '-0.77661059259970185656403950255299474932817032143986600096924365785204686090459870878696142803205041429132937443',
  y: '-0.13460896167502816605673727023305780954118749622040361733997923275543996926182434686374673753720867571346542156',
};

/** `y` grows downwards, so it is the imaginary part negated; the set is its own mirror image. */
const PLACES = {
  seahorse: { name: 'Seahorse valley', ...SEAHORSE, zoom: 700 },
  elephant: { name: 'Elephant valley', re: '0.2925755', y: '-0.0149977', zoom: 900 },
  spiral: { name: 'Double spiral, 10^9 times', ...SEAHORSE, zoom: 2e9 },
  deep: { name: 'Beyond doubles, 10^20 times', ...ENDLESS, zoom: 1e20 },
  deeper: { name: 'Deeper still, 10^60 times', ...ENDLESS, zoom: 1e60 },
};

export class Explore {
  /** @type {AbortController | undefined} */
  #current;
  #changed = true;
  /** @type {{ re: bigint, y: bigint, step: number } | undefined} of what the screen shows */
  #shown;
  /** @type {Picture | undefined} that is being drawn, or was last */
  #picture;
  /** @type {Map<object, Picture[]>} by runtime */
  #pictures = new Map();
  /** @type {Orbit | undefined} */
  #orbit;
  /** @type {import('../weft/browser.js').Runtime | undefined} */
  #rt;
  #palette = 'loom';
  #started = false;

  /** @param {import('../engine.js').Engine} engine */
  constructor(engine) {
    this.engine = engine;
    this.kind = /** @type {'mandelbrot' | 'julia'} */ ('mandelbrot');
    this.seed = { re: -0.8, y: -0.156 };
    this.canvas = /** @type {HTMLCanvasElement} */ (find('picture'));
    this.screen = new Screen(this.canvas, find('owners'));
    this.re = 0n;
    this.y = 0n;
    this.step = 1;
    this.#fit();
    this.home();
    this.#bind();
    this.setThreads(engine.threads);
    requestAnimationFrame(() => this.#frame());
    resetMeter();
    setInterval(() => this.#report(), 500);
  }

  // ---- The view --------------------------------------------------------------------------

  /** The size of the canvas in device pixels, not more than a picture has room for. */
  #fit() {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    const wanted = Math.min(2, devicePixelRatio || 1);
    this.ratio = Math.min(wanted, Math.sqrt(PIXELS_MAX / (clientWidth * clientHeight)));
    const width = Math.max(64, Math.floor(clientWidth * this.ratio));
    const height = Math.max(64, Math.floor(clientHeight * this.ratio));
    if (width === this.canvas.width && height === this.canvas.height) return;
    const old = this.canvas.height;
    this.screen.resize(width, height);
    this.step *= old / height;
    this.#shown = undefined;
    this.#invalidate();
  }

  get homeStep() {
    return (2 * HOME) / Math.min(this.canvas.height, this.canvas.width * 0.9);
  }

  home() {
    this.re = toFixed(this.kind === 'mandelbrot' ? -0.6 : 0);
    this.y = 0n;
    this.step = this.homeStep * (this.kind === 'mandelbrot' ? 1 : 1.1);
    this.#invalidate();
  }

  /** @param {keyof typeof PLACES} name */
  visit(name) {
    const place = PLACES[name];
    this.#setKind('mandelbrot');
    this.re = parseFixed(place.re);
    this.y = parseFixed(place.y);
    this.step = this.homeStep / place.zoom;
    this.#invalidate();
  }

  /** @param {number} dx  @param {number} dy  CSS pixels */
  pan(dx, dy) {
    const scale = (this.ratio ?? 1) * this.step;
    this.re -= toFixed(dx * scale);
    this.y -= toFixed(dy * scale);
    this.#invalidate();
  }

  /** @param {number} factor  @param {number} x  @param {number} y  CSS pixels */
  zoom(factor, x, y) {
    const step = this.#within(this.step / factor);
    const ratio = this.ratio ?? 1;
    const change = this.step - step;
    this.re += toFixed((x * ratio - this.canvas.width / 2) * change);
    this.y += toFixed((y * ratio - this.canvas.height / 2) * change);
    this.step = step;
    this.#invalidate();
  }

  /** @param {number} step */
  #within(step) {
    return Math.min(this.homeStep * 4, Math.max(STEP_MIN[this.kind], step));
  }

  /** @param {'mandelbrot' | 'julia'} kind */
  #setKind(kind) {
    if (kind === this.kind) return;
    if (kind === 'julia') this.seed = { re: toDouble(this.re), y: toDouble(this.y) };
    this.kind = kind;
    find(`kind-${kind}`).checked = true;
  }

  /** @param {string} palette */
  #colour(palette) {
    if (!(palette in PALETTES)) return;
    find('palette').value = this.#palette = palette;
  }

  #invalidate() {
    this.#changed = true;
    this.canvas.dataset.asked = String(Number(this.canvas.dataset.asked ?? 0) + 1); // for who waits for the picture
    this.#current?.abort();
  }

  // ---- Drawing ---------------------------------------------------------------------------

  #frame() {
    requestAnimationFrame(() => this.#frame());
    if (this.canvas.clientWidth === 0) return; // another view is open
    if (this.#changed && this.#rt) this.#begin(this.#rt);
    else if (this.#picture && this.screen.update(this.#picture, this.#colours()) > 0) this.#seen();
  }

  /** Something can be seen, for who measures how long that takes. */
  #seen() {
    if (this.#started) return;
    this.#started = true;
    performance.mark('weft: first pixels');
  }

  #colours() {
    return find('show-owners').checked ? workerColour : undefined;
  }

  /** @param {import('../weft/browser.js').Runtime} rt */
  #begin(rt) {
    const pictures = this.#pictures.get(rt) ?? [];
    this.#pictures.set(rt, pictures);
    let picture = pictures.find((each) => !each.running);
    if (!picture && pictures.length < 2) pictures.push(picture = new Picture(rt));
    if (!picture) return; // both finish the rows that they are in: the next frame tries again
    this.#changed = false;
    this.#bringAlong();
    picture.palette.set(paletteOf(this.#palette));
    picture.prepare(this.#scene());
    this.screen.begin(picture);
    this.#picture = picture;
    this.#current = new AbortController();
    this.#draw(picture, this.#current.signal);
  }

  /** Moves what the screen shows to where it is in the new view. */
  #bringAlong() {
    const { re, y, step } = this;
    if (this.#shown) {
      const scale = this.#shown.step / step;
      const { width, height } = this.canvas;
      const dx = toDouble(this.#shown.re - re) / step + (width / 2) * (1 - scale);
      const dy = toDouble(this.#shown.y - y) / step + (height / 2) * (1 - scale);
      if (scale !== 1 || dx !== 0 || dy !== 0) this.screen.move(scale, dx, dy);
    }
    this.#shown = { re, y, step };
  }

  /** @returns {import('./canvas.js').Scene} */
  #scene() {
    const { width, height } = this.canvas;
    const { re, y, step, kind } = this;
    const doublings = Math.max(0, Math.log2(this.homeStep / step));
    const iterations = Math.min(ITERATIONS_MAX, Math.round(400 + 110 * doublings));
    const common = { width, height, step, iterations, julia: kind === 'julia', seedRe: this.seed.re, seedIm: this.seed.y, colours: 52 };
    const corner = { left: -(width / 2) * step, top: -(height / 2) * step };
    if (kind === 'julia' || step > DEEP_STEP) {
      return { ...common, left: toDouble(re) + corner.left, top: toDouble(y) + corner.top };
    }
    if (!this.#orbit?.serves(re, y, step, width)) this.#orbit = new Orbit(re, y, step);
    const orbit = this.#orbit.extend(iterations + 1);
    return { ...common, orbit, left: toDouble(re - orbit.re) + corner.left, top: toDouble(y - orbit.im) + corner.top };
  }

  /** From coarse to fine. @param {Picture} picture  @param {AbortSignal} signal */
  async #draw(picture, signal) {
    const begun = performance.now();
    const { asked } = this.canvas.dataset;
    try {
      let took = 0;
      for (let cell = 8; cell >= 1;) {
        took = await picture.pass(cell, signal);
        cell = cell > 1 && took * cell * cell < PASS_MS ? 1 : Math.floor(cell / 2);
      }
      this.tookMs = performance.now() - begun;
      this.canvas.dataset.ms = this.tookMs.toFixed(1);
      if (took < FINE_MS) await picture.pass(0, signal);
      this.screen.update(picture, this.#colours());
      this.canvas.dataset.finished = asked;
    } catch (error) {
      if (!isAbort(error)) showError(error, 'The picture could not be drawn');
    }
  }

  // ---- The page --------------------------------------------------------------------------

  #bind() {
    listen(this.canvas, {
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      home: () => this.home(),
    });
    const middle = (/** @type {number} */ factor) => () => this.zoom(factor, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    find('zoom-in').addEventListener('click', middle(2));
    find('zoom-out').addEventListener('click', middle(0.5));
    find('zoom-home').addEventListener('click', () => this.home());
    find('show-owners').addEventListener('change', () => {
      if (this.#picture) this.screen.markAll(this.#picture, this.#colours());
      this.#legend();
    });
    for (const kind of /** @type {const} */ (['mandelbrot', 'julia'])) {
      find(`kind-${kind}`).addEventListener('change', () => {
        this.#setKind(kind);
        this.home();
      });
    }
    const places = find('place');
    for (const [value, { name }] of Object.entries(PLACES)) places.add(new Option(name, value));
    places.addEventListener('change', () => {
      if (places.value) this.visit(places.value);
      places.value = '';
    });
    const palettes = find('palette');
    for (const [value, { name }] of Object.entries(PALETTES)) palettes.add(new Option(name, value));
    palettes.addEventListener('change', () => {
      this.#colour(palettes.value);
      this.#invalidate();
    });
    find('share').addEventListener('click', () => this.#share());
    new ResizeObserver(() => this.#fit()).observe(this.canvas);
    const slider = find('threads');
    Object.assign(slider, { min: 0, max: this.engine.most, value: this.engine.threads, disabled: this.engine.most === 0 });
    slider.addEventListener('input', () => this.setThreads(Number(slider.value)));
  }

  /** @param {number} threads */
  async setThreads(threads) {
    find('threads-value').textContent = threads === 0 ? 'none, the page draws' : String(threads);
    find('threads').setAttribute('aria-valuetext', threads === 0 ? 'none: the page draws itself' : counted(threads, 'thread'));
    this.#current?.abort();
    try {
      this.#rt = await this.engine.use(threads);
      this.#legend();
      this.#invalidate();
    } catch (error) {
      showError(error, 'The number of threads could not be changed');
    }
  }

  /** After another view has used the runtime. */
  async resume() {
    await this.setThreads(Number(find('threads').value));
  }

  #legend() {
    const list = find('legend');
    list.hidden = !find('show-owners').checked;
    const items = Array.from({ length: Math.max(1, this.engine.threads) }, (_, worker) => {
      const item = document.createElement('li');
      const swatch = document.createElement('span');
      swatch.className = 'swatch';
      swatch.style.background = workerColour(worker);
      item.append(swatch, this.engine.threads === 0 ? 'the page' : `worker ${worker}`);
      return item;
    });
    list.replaceChildren(...items);
  }

  #report() {
    if (this.canvas.clientWidth === 0) return;
    const { perSecond, longestMs } = readMeter();
    find('fps').textContent = perSecond.toFixed(0);
    find('gap').textContent = milliseconds(longestMs);
    find('took').textContent = this.tookMs === undefined ? '-' : milliseconds(this.tookMs);
    find('zoom').textContent = times(this.homeStep / this.step);
    const [re, im] = placeText(this);
    find('position').textContent = `${re.replace('-', '−')} ${im.startsWith('-') ? '−' : '+'} ${im.replace('-', '')} i`;
  }

  /** Goes where a link points. @param {string} text  its end, behind the question mark */
  follow(text) {
    try {
      const { re, y, zoom, palette, seed } = readLink(text);
      this.#setKind(seed ? 'julia' : 'mandelbrot');
      Object.assign(this, { re, y, seed: seed ?? this.seed });
      this.step = this.#within(this.homeStep / zoom);
      this.#colour(palette);
      this.#invalidate();
    } catch (error) {
      showError(error, 'The link names no place in the picture');
    }
  }

  async #share() {
    const link = writeLink({ ...this, zoom: this.homeStep / this.step, palette: this.#palette, seed: this.kind === 'julia' ? this.seed : undefined });
    const copied = await copyText(new URL(link, location.href).href);
    if (!copied) history.replaceState(null, '', link); // to be copied from there
    announce(copied ? 'The link has been copied.' : 'The link is in the address bar.');
    const button = find('share');
    button.textContent = copied ? 'Copied' : 'It is in the address bar';
    setTimeout(() => { button.textContent = 'Copy a link to this view'; }, 2000);
  }
}
