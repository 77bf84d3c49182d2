/** Look inside: who did what, when. */
import { announce, counted, download, element, find, isAbort, milliseconds, showError } from '../ui.js';
import { workerColour } from '../explore/palette.js';
import { LOADS, record, traceOf } from './recording.js';

const LANE = 34;
const CALLS = 26;
const LEFT = 84;
const AXIS = 24;
const MARK = 7;

export class Inside {
  /** @type {import('./recording.js').Recording | undefined} */
  #recording;
  /** @type {AbortController | undefined} */
  #running;

  /** @param {import('../engine.js').Engine} engine  @param {() => void} after */
  constructor(engine, after) {
    this.engine = engine;
    this.after = after;
    const loads = find('load');
    for (const [value, { title }] of Object.entries(LOADS)) loads.add(new Option(title, value));
    const threads = find('inside-threads');
    for (let count = engine.reason ? 0 : 1; count <= engine.most; count++) threads.add(new Option(count === 0 ? 'no workers' : counted(count, 'thread'), String(count)));
    threads.value = String(engine.most);
    find('record').addEventListener('click', () => (this.#running ? this.#running.abort() : this.record()));
    find('trace').addEventListener('click', () => this.#download());
    new ResizeObserver(() => this.#draw()).observe(find('timeline'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  async record() {
    this.#running = new AbortController();
    find('record').textContent = 'Cancel';
    try {
      const rt = await this.engine.use(Number(find('inside-threads').value));
      this.#recording = await record(rt, find('load').value, this.#running.signal);
      this.#draw();
      this.#sum(this.#recording);
    } catch (error) {
      if (!isAbort(error)) showError(error, 'Nothing could be recorded');
    }
    this.#running = undefined;
    find('record').textContent = 'Record';
    this.after();
  }

  #download() {
    if (!this.#recording) return;
    download('weft-trace.json', new Blob([JSON.stringify(traceOf(this.#recording))], { type: 'application/json' }));
  }

  /** @param {import('./recording.js').Recording} recording */
  #sum({ workers, tiles, jobs, beginMs, endMs, alone, title }) {
    find('trace').disabled = false;
    const rows = workers.map((sums, worker) => ({ sums, worker })).filter(({ sums }) => sums.tilesDrawn + sums.jobs + sums.parks > 0).map(({ sums, worker }) => {
      const head = element('th', alone ? 'the page' : `worker ${worker}`);
      head.scope = 'row';
      const cells = [sums.tilesDrawn, milliseconds(sums.busyMs), milliseconds(Math.max(0, endMs - beginMs - sums.busyMs)), sums.jobs, sums.tasksStolen, sums.parks, sums.wakes];
      return element('tr', head, ...cells.map((value) => element('td', String(value))));
    });
    find('sums').replaceChildren(...rows);
    find('inside-empty').hidden = true;
    find('inside-result').hidden = false;
    const text = `${title[0].toUpperCase()}${title.slice(1)}: ${counted(tiles.length, 'tile')} of ${counted(jobs.length, 'call')} in ${milliseconds(endMs - beginMs)}.`;
    find('inside-summary').textContent = text;
    announce(text);
  }

  #draw() {
    const canvas = find('timeline');
    const recording = this.#recording;
    if (!recording || canvas.clientWidth === 0) return;
    const lanes = Math.max(1, ...recording.tiles.map(({ worker }) => worker + 1));
    const height = AXIS + CALLS + LANE * lanes + 6;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const width = canvas.clientWidth;
    canvas.style.height = `${height}px`;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    drawTimeline(context, recording, width, height, lanes, getComputedStyle(canvas));
  }
}

/** @param {CanvasRenderingContext2D} context @param {import('./recording.js').Recording} recording @param {number} width @param {number} height @param {number} lanes @param {CSSStyleDeclaration} style */
function drawTimeline(context, { tiles, jobs, samples, beginMs, endMs, alone }, width, height, lanes, style) {
  const scale = (width - LEFT - 8) / Math.max(0.001, endMs - beginMs);
  const x = (/** @type {number} */ ms) => LEFT + (ms - beginMs) * scale;
  const [ink, faint] = [style.color, style.getPropertyValue('--line')];
  context.font = '12px system-ui, sans-serif';
  context.textBaseline = 'middle';
  drawAxis(context, endMs - beginMs, scale, height, ink, faint);
  context.fillStyle = ink;
  context.fillText('calls', 4, AXIS + CALLS / 2);
  const depth = stack(jobs);
  const rows = Math.max(...depth) + 1;
  const thick = Math.max(1, Math.min(8, (CALLS - 8) / rows));
  jobs.forEach(({ calledMs, settledMs }, i) => {
    context.globalAlpha = i % 2 ? 0.45 : 0.75;
    context.fillRect(x(calledMs), AXIS + 3 + depth[i] * ((CALLS - 6) / rows), Math.max(1, x(settledMs) - x(calledMs)), Math.max(1, thick - 1));
  });
  context.globalAlpha = 1;
  for (let worker = 0; worker < lanes; worker++) {
    const top = AXIS + CALLS + LANE * worker;
    context.fillStyle = ink;
    context.fillText(alone ? 'the page' : `worker ${worker}`, 4, top + LANE / 2);
    context.fillStyle = faint;
    context.fillRect(LEFT, top + 3, width - LEFT - 8, LANE - 6);
  }
  for (const { worker, job, index, begunMs, endedMs } of tiles) {
    if (worker < 0) continue;
    context.fillStyle = workerColour(worker);
    context.globalAlpha = (index + job) % 2 ? 0.75 : 1;
    const length = x(endedMs) - x(begunMs);
    context.fillRect(x(begunMs), AXIS + CALLS + LANE * worker + 3, Math.max(0.5, length > 3 ? length - 0.5 : length), LANE - 6 - MARK);
  }
  context.globalAlpha = 1;
  context.fillStyle = ink;
  samples.slice(1).forEach((sample, i) => {
    const at = x(Math.min(endMs, Math.max(beginMs, (sample.atMs + samples[i].atMs) / 2)));
    for (let worker = 0; worker < lanes; worker++) {
      const [now, before] = [sample.workers[worker], samples[i].workers[worker]];
      if (!now || !before) continue;
      const y = AXIS + CALLS + LANE * (worker + 1) - 3;
      if (now.tasksStolen > before.tasksStolen) drawMark(context, [at - 4, y, at + 4, y, at, y - MARK + 1]);
      if (now.parks > before.parks) context.fillRect(at - 4, y - 3, 8, 2);
    }
  });
}

/** @param {CanvasRenderingContext2D} context  @param {number[]} corners  x and y in turn */
function drawMark(context, corners) {
  context.beginPath();
  for (let i = 0; i < corners.length; i += 2) context.lineTo(corners[i], corners[i + 1]);
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {number} spanMs @param {number} scale @param {number} height @param {string} ink @param {string} faint */
function drawAxis(context, spanMs, scale, height, ink, faint) {
  const rough = (spanMs / Math.max(2, (spanMs * scale) / 110));
  const power = 10 ** Math.floor(Math.log10(rough));
  const tick = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  for (let at = 0; at <= spanMs; at += tick) {
    context.fillStyle = faint;
    context.fillRect(LEFT + at * scale, AXIS - 6, 1, height - AXIS);
    context.fillStyle = ink;
    const text = `${Number(at.toPrecision(4))} ms`;
    if (LEFT + at * scale + context.measureText(text).width < LEFT + spanMs * scale + 8) context.fillText(text, LEFT + at * scale, 9);
  }
}

/** Rows for spans, so that none overlap. @param {import('./recording.js').Job[]} jobs  @returns {number[]} */
function stack(jobs) {
  /** @type {number[]} */
  const ends = [];
  return jobs.map(({ calledMs, settledMs }) => {
    const free = ends.findIndex((end) => end <= calledMs);
    const row = free < 0 ? ends.length : free;
    ends[row] = settledMs;
    return row;
  });
}
