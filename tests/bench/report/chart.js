// One bar chart as inline SVG: a bar per rung, its length the speed.

import { escape } from './html.js';
import { relativeSpeeds, showMs, showRatio } from './text.js';

const ROW = 26; // height of a rung
const BAR = 14;
const NAME_WIDTH = 285;
const PLOT_WIDTH = 410;
const WIDTH = 930;

/** The kind of a rung: it picks the colour. */
export function kindOf(row) {
  if (row.id.startsWith('native')) return 'native';
  return row.isWeft || ['wasi', 'emscripten'].includes(row.id) ? 'wasm' : 'js';
}
kindOf.names = { js: 'JavaScript', wasm: 'weft as WebAssembly', native: 'weft native' };

const threadsOf = (row) => `${row.threads} thread${row.threads > 1 ? 's' : ''}`;

function bar(workload, row, index, scale) {
  const y = index * ROW;
  const speedOf = (ms) => (workload.amount * 1000) / ms;
  const end = NAME_WIDTH + speedOf(row.medianMs) * scale;
  const [low, high] = [row.maxMs, row.minMs].map((ms) => NAME_WIDTH + speedOf(ms) * scale);
  const middle = y + ROW / 2;
  const { toJs } = relativeSpeeds(workload, row);
  const base = workload.name === 'start' ? 'bare Workers' : 'JS';
  const told = `${showMs(row.medianMs)} ms${toJs > 0 ? `, ${showRatio(toJs)} ${base}` : ''}`;
  const label = Math.max(end, high) + 8;
  return `<g><title>${escape(`${row.title}, ${threadsOf(row)}: median ${showMs(row.medianMs)} ms, `
    + `${showMs(row.minMs)} to ${showMs(row.maxMs)}, ${row.n} runs`)}</title>
<text class="name" x="${NAME_WIDTH - 10}" y="${middle + 4}" text-anchor="end">${escape(row.title)} <tspan class="dim">${threadsOf(row)}</tspan></text>
<rect class="${kindOf(row)}" x="${NAME_WIDTH}" y="${y + (ROW - BAR) / 2}" width="${Math.max(1.5, end - NAME_WIDTH).toFixed(1)}" height="${BAR}" rx="2"/>
<line class="range" x1="${low.toFixed(1)}" x2="${high.toFixed(1)}" y1="${middle}" y2="${middle}"/>
<text class="value" x="${label.toFixed(1)}" y="${middle + 4}">${escape(told)}</text></g>`;
}

/** The chart of one workload; rungs that did not run are left to the table. */
export function chart(workload) {
  const rows = workload.rows.filter((row) => row.rounds);
  if (rows.length === 0) return '<p class="note">No rung ran.</p>';
  const fastest = Math.max(...rows.map((row) => (workload.amount * 1000) / row.minMs));
  const scale = PLOT_WIDTH / fastest;
  const height = rows.length * ROW;
  return `<div class="wide"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(workload.title)}: speed of each rung">
<line class="axis" x1="${NAME_WIDTH}" x2="${NAME_WIDTH}" y1="0" y2="${height}"/>
${rows.map((row, i) => bar(workload, row, i, scale)).join('\n')}
</svg></div>`;
}
