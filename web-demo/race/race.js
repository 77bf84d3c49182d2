/** Race: the same work on every way that a browser has to do it. */
import { readMeter } from '../meter.js';
import { announce, byteCount, copyText, counted, element, find, isAbort, milliseconds, showError } from '../ui.js';
import { defaultPicture, makeBytes, makeNumbers, readBytes, readPicture } from './inputs.js';
import { BLUR_RADIUS, onPage, withCopies, withSharedMemory, withWeft } from './rungs.js';

/** @typedef {{ name: string, note: string, threads: number, run: Function, missing?: string }} Rung */
/** @typedef {{ rung: Rung, row: any, bar: any, time: any, gap: any, check: any, ms?: number, longestMs?: number, verdict?: string }} Lane */

const KINDS = {
  blur: { name: 'blur', title: `Blur, ${2 * BLUR_RADIUS + 1} × ${2 * BLUR_RADIUS + 1} pixels`, make: defaultPicture, read: readPicture },
  sort: { name: 'sort', title: 'Sort', make: makeNumbers, read: undefined },
  hash: { name: 'BLAKE3', title: 'BLAKE3', make: makeBytes, read: readBytes },
};

export class Race {
  /** @type {keyof typeof KINDS} */
  #kind = 'blur';
  /** @type {Record<string, any>} */
  #inputs = {};
  /** @type {AbortController | undefined} */
  #running;
  /** @type {Lane[]} */
  #lanes = [];

  /** @param {import('../engine.js').Engine} engine  @param {() => void} after  the runtime is free again */
  constructor(engine, after) {
    this.engine = engine;
    this.after = after;
    for (const kind of Object.keys(KINDS)) {
      find(`work-${kind}`).addEventListener('change', () => this.#choose(/** @type {keyof typeof KINDS} */ (kind)));
    }
    find('race-start').addEventListener('click', () => (this.#running ? this.#running.abort() : this.start()));
    find('race-copy').addEventListener('click', () => this.#copy());
    this.#bindFiles();
    this.#choose('blur');
  }

  #bindFiles() {
    const [zone, input] = [find('drop'), find('file')];
    input.addEventListener('change', () => {
      if (input.files[0]) this.take(input.files[0]);
      input.value = '';
    });
    // The whole view takes files: a miss would make the browser open the file instead.
    const view = find('race');
    view.addEventListener('dragover', (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      zone.classList.add('over');
    });
    view.addEventListener('dragleave', () => zone.classList.remove('over'));
    view.addEventListener('drop', (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      zone.classList.remove('over');
      const file = event.dataTransfer?.files[0];
      if (file) this.take(file);
    });
  }

  /** @param {File} file */
  async take(file) {
    if (this.#running) return this.#say('A race is on: cancel it first.', true);
    const kind = this.#kind === 'sort' ? (file.type.startsWith('image/') ? 'blur' : 'hash') : this.#kind;
    try {
      this.#inputs[kind] = await KINDS[kind].read?.(file);
      find(`work-${kind}`).checked = true;
      this.#choose(kind);
      if (file.size === 0) this.#say(`${file.name} is empty. Its digest is that of no bytes.`);
    } catch (error) {
      this.#say(/** @type {Error} */ (error).message, true);
    }
  }

  /** @param {string} text  @param {boolean} [bad] */
  #say(text, bad = false) {
    const line = find('race-message');
    line.textContent = text;
    line.classList.toggle('bad', bad);
  }

  /** @param {keyof typeof KINDS} kind */
  #choose(kind) {
    this.#running?.abort();
    this.#kind = kind;
    this.#inputs[kind] ??= undefined;
    find('drop').hidden = kind === 'sort';
    find('preview').hidden = kind !== 'blur';
    find('digest').hidden = kind !== 'hash';
    find('digest').textContent = '';
    this.#say(this.#inputs[kind] ? `On: ${this.#inputs[kind].title}.` : '');
    for (const each of document.querySelectorAll('[data-for]')) {
      /** @type {any} */ (each).hidden = /** @type {any} */ (each).dataset.for !== kind;
    }
    if (kind === 'blur') this.#preview((this.#inputs.blur ??= defaultPicture()).pixels);
    this.#build();
  }

  /** @returns {Rung[]} */
  #rungs() {
    const { engine } = this;
    const cores = Math.max(1, engine.cores);
    const unshared = typeof SharedArrayBuffer === 'undefined' ? 'no SharedArrayBuffer: see Doctor' : undefined;
    /** @type {Rung[]} */
    const rungs = [
      { name: 'JavaScript on the page', note: 'in slices, between which the page may breathe', threads: 0, run: onPage },
      { name: 'one worker, copies', note: 'postMessage there and back', threads: 1, run: withCopies },
      { name: `SharedArrayBuffer, ${counted(cores, 'worker')}`, note: 'JavaScript and Atomics, by hand', threads: cores, run: withSharedMemory, missing: unshared },
    ];
    if (engine.reason) return [...rungs, { name: 'weft, no workers', note: 'WebAssembly on the page', threads: 0, run: withWeft }];
    rungs.push({ name: 'weft, 1 thread', note: 'WebAssembly with SIMD', threads: 1, run: withWeft });
    if (engine.most > 1) rungs.push({ name: `weft, ${engine.most} threads`, note: 'the same module', threads: engine.most, run: withWeft });
    return rungs;
  }

  #build() {
    this.#lanes = this.#rungs().map((rung) => {
      const bar = element('div.fill');
      const track = element('div.track', bar);
      const [time, gap, check] = ['time', 'gap', 'check'].map((name) => element(`td.${name}`, ''));
      const head = element('th', rung.name, element('small', rung.note));
      head.scope = 'row';
      return { rung, bar, time, gap, check, row: element(rung.run === withWeft ? 'tr.weft' : 'tr', head, element('td.bar', track), time, gap, check) };
    });
    find('lanes').replaceChildren(...this.#lanes.map(({ row }) => row));
    find('race-copy').disabled = true;
  }

  async start() {
    const controller = new AbortController();
    this.#running = controller;
    this.#build();
    const button = find('race-start');
    button.textContent = 'Cancel';
    find('error').hidden = true;
    this.#say('Preparing the input ...');
    document.body.dataset.race = 'running';
    await new Promise((resolve) => setTimeout(resolve, 30)); // shows that
    let end = 'done';
    try {
      const input = this.#inputs[this.#kind] ??= KINDS[this.#kind].make();
      this.#say(`On: ${input.title}.`);
      await this.#runAll(this.#kind, input, controller.signal);
      this.#finish();
    } catch (error) {
      end = isAbort(error) ? 'cancelled' : 'failed';
      if (end === 'cancelled') this.#say('Cancelled.');
      else {
        this.#say(`It failed: ${/** @type {Error} */ (error).message}`, true);
        showError(error, 'The race failed');
      }
    }
    button.textContent = 'Start';
    find('race-copy').disabled = !this.#lanes.some(({ ms }) => ms !== undefined);
    this.#running = undefined;
    document.body.dataset.race = end;
    this.after();
  }

  /** @param {keyof typeof KINDS} kind  @param {any} input  @param {AbortSignal} signal */
  async #runAll(kind, input, signal) {
    let first;
    for (const lane of this.#lanes) {
      if (lane.rung.missing) {
        lane.time.textContent = '-';
        lane.check.textContent = lane.rung.missing;
        continue;
      }
      signal.throwIfAborted();
      /** @type {(() => void)[]} */
      const cleaning = [];
      const clean = () => cleaning.splice(0).forEach((each) => each());
      const result = await this.#runLane(lane, kind, input, signal, (each) => cleaning.push(each)).catch((error) => {
        clean();
        throw error;
      });
      lane.verdict = first === undefined ? 'the reference' : same(first, result) ? 'same result' : 'DIFFERS';
      lane.check.textContent = lane.verdict;
      lane.row.classList.toggle('bad', lane.verdict === 'DIFFERS');
      first ??= result;
      if (kind === 'blur') this.#preview(result);
      if (kind === 'hash') find('digest').textContent = result;
      clean();
      await new Promise((resolve) => setTimeout(resolve, 120)); // so that gaps belong to one rung
    }
    if (this.#lanes.some(({ verdict }) => verdict === 'DIFFERS')) throw new Error('not all runners came to the same result');
  }

  /** @param {Lane} lane  @param {string} kind  @param {any} input  @param {AbortSignal} signal  @param {(clean: () => void) => void} after */
  async #runLane(lane, kind, input, signal, after) {
    let begun = performance.now();
    let fraction = 0;
    lane.row.classList.add('running');
    const show = () => {
      const ms = performance.now() - begun;
      this.#scale(lane, ms);
      lane.time.textContent = milliseconds(ms);
      lane.check.textContent = fraction > 0 ? `${Math.round(100 * fraction)} %` : '';
    };
    const timer = setInterval(show, 40);
    try {
      const { threads, run } = lane.rung;
      const result = await run({ kind, input, engine: this.engine, threads, signal, after, progress: (/** @type {number} */ done) => { fraction = done; } },
        () => { begun = performance.now(); });
      lane.ms = performance.now() - begun;
      lane.longestMs = readMeter(begun).longestMs;
      lane.time.textContent = milliseconds(lane.ms);
      lane.gap.textContent = milliseconds(lane.longestMs);
      this.#scale(lane, lane.ms);
      return result;
    } finally {
      clearInterval(timer);
      lane.row.classList.remove('running');
    }
  }

  /** Bars are as long as the time, next to the longest. @param {Lane} lane  @param {number} ms */
  #scale(lane, ms) {
    const most = Math.max(ms, ...this.#lanes.map((each) => each.ms ?? 0));
    for (const each of this.#lanes) {
      const own = each === lane ? ms : each.ms ?? 0;
      each.bar.style.width = `${(100 * own) / most}%`;
    }
  }

  #finish() {
    const page = this.#lanes[0].ms ?? 0;
    for (const lane of this.#lanes) {
      if (lane.ms === undefined) continue;
      lane.time.append(element('small', `${(page / lane.ms).toFixed(1)} ×`));
    }
    const done = this.#lanes.filter(({ ms }) => ms !== undefined);
    const best = done.reduce((a, b) => (/** @type {number} */ (a.ms) < /** @type {number} */ (b.ms) ? a : b));
    announce(`The race is over. ${best.rung.name} was the fastest, with ${milliseconds(/** @type {number} */ (best.ms))}.`);
  }

  /** @param {Uint8Array} pixels */
  #preview(pixels) {
    const { width, height } = this.#inputs.blur;
    const canvas = find('preview');
    Object.assign(canvas, { width, height });
    canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0); // a copy: canvases refuse shared memory
  }

  /** The table as text. */
  get text() {
    const input = this.#inputs[this.#kind];
    const size = input?.size === undefined ? '' : ` (${byteCount(input.size)})`;
    const lines = this.#lanes.map(({ rung, ms, longestMs, verdict }) => [
      rung.name.padEnd(32),
      (ms === undefined ? '-' : `${ms.toFixed(1)} ms`).padStart(12),
      (ms === undefined || !this.#lanes[0].ms ? '' : `${(this.#lanes[0].ms / ms).toFixed(2)} x`).padStart(9),
      (longestMs === undefined ? '' : `${longestMs.toFixed(0)} ms`).padStart(9),
      `  ${verdict ?? rung.missing ?? ''}`,
    ].join('').trimEnd());
    return [`${KINDS[this.#kind].title}: ${input?.title ?? ''}${this.#kind === 'hash' ? size : ''}`,
      `${'runner'.padEnd(32)}${'time'.padStart(12)}${'speed-up'.padStart(9)}${'gap'.padStart(9)}`, ...lines,
      `${counted(this.engine.cores, 'core')}, ${navigator.userAgent}`, ''].join('\n');
  }

  async #copy() {
    const { text } = this;
    const box = find('race-text');
    box.hidden = false;
    box.value = text;
    const copied = await copyText(text);
    if (!copied) box.select();
    this.#say(copied ? 'Copied.' : 'The browser does not let the page copy: the text below is selected.');
  }
}

/** @param {any} a  @param {any} b */
function same(a, b) {
  if (typeof a === 'string') return a === b;
  if (a.byteLength !== b.byteLength) return false;
  const [x, y] = [a, b].map(({ buffer, byteOffset, byteLength }) => new Int32Array(buffer, byteOffset, byteLength >> 2));
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}
