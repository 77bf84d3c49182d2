// Plots as inline SVG: bars for one column, lines for speed-up over the amount of work.

import { escape } from '../report/html.js';
import { show, tell } from './cells.js';

const ROW = 22;
const BAR = 12;
const NAME_WIDTH = 220;
const BAR_WIDTH = 420;
const WIDTH = 930;
const CUT = 12; // bars longer than so many times the median bar are cut, and say so

const LINE_HEIGHT = 260;
const LEFT = 50;
const RIGHT = 690; // the names of the lines stand after it
const TOP = 12;
const NAME_STEP = 14;

/** The kind of a row: it picks the colour. */
export function colourOf(row) {
  if (row.kind === 'weft') return row.target === 'native' ? 'native' : 'wasm';
  return row.kind === 'peer' ? 'peer' : 'floor';
}
colourOf.names = {
  native: 'weft native', wasm: 'weft as WebAssembly', peer: 'other schedulers', floor: 'floors and serial',
};

const told = (section, column) => section.rows
  .map((row) => ({ row, cell: row.skip || row.error ? null : tell(section, row, column) }))
  .filter(({ cell }) => cell !== null);

function bar({ row, cell }, index, most) {
  const y = index * ROW;
  const scale = BAR_WIDTH / most;
  const length = (value) => Math.min(value, most) * scale;
  const middle = y + ROW / 2;
  const cut = cell.median > most ? ' (cut)' : '';
  const end = NAME_WIDTH + Math.max(length(cell.median), length(cell.max));
  return `<g><title>${escape(`${row.title}: median ${show(cell.median)}, ${show(cell.min)} to ${show(cell.max)}, ${cell.n} rounds`)}</title>
<text x="${NAME_WIDTH - 10}" y="${middle + 4}" text-anchor="end">${escape(row.title)}</text>
<rect class="bar ${colourOf(row)}" x="${NAME_WIDTH}" y="${y + (ROW - BAR) / 2}" width="${Math.max(1.5, length(cell.median)).toFixed(1)}" height="${BAR}" rx="2"/>
<line class="range" x1="${(NAME_WIDTH + length(cell.min)).toFixed(1)}" x2="${(NAME_WIDTH + length(cell.max)).toFixed(1)}" y1="${middle}" y2="${middle}"/>
<text class="value" x="${(end + 8).toFixed(1)}" y="${middle + 4}">${escape(show(cell.median) + cut)}</text></g>`;
}

/** A bar for each peer; the few that are very much longer than the others are cut. */
export function barChart(section, column) {
  const rows = told(section, column);
  if (rows.length === 0) return '<p class="note">Not measured.</p>';
  const medians = rows.map(({ cell }) => cell.median).sort((a, b) => a - b);
  const most = Math.min(medians.at(-1), CUT * medians[medians.length >> 1]) || 1;
  return `<div class="wide"><svg viewBox="0 0 ${WIDTH} ${rows.length * ROW}" role="img" aria-label="${escape(column.title)}">
${rows.map((entry, index) => bar(entry, index, most)).join('\n')}
</svg></div>`;
}

/** Names at the ends of the lines, moved apart where they would overlap. */
function placeNames(lines) {
  const sorted = [...lines].sort((a, b) => a.end - b.end);
  let last = -Infinity;
  for (const line of sorted) {
    line.nameY = Math.max(line.end + 4, last + NAME_STEP);
    last = line.nameY;
  }
  return Math.max(LINE_HEIGHT, last + NAME_STEP);
}

/** A line for each peer over columns of growing work. */
export function lineChart(section, columns) {
  const x = (index) => LEFT + (index * (RIGHT - LEFT)) / Math.max(1, columns.length - 1);
  const most = 2.2;
  const y = (speed) => TOP + (LINE_HEIGHT - 40) * (1 - Math.min(speed, most) / most);
  const lines = section.rows.filter((row) => row.kind !== 'serial').flatMap((row) => {
    const points = columns.flatMap((column, index) => {
      const cell = row.skip || row.error ? null : tell(section, row, column);
      return cell === null ? [] : [[x(index), y(cell.median)]];
    });
    return points.length > 0 ? [{ row, points, end: points.at(-1)[1] }] : [];
  });
  const height = placeNames(lines);
  const grid = [0, 0.5, 1, 1.5, 2].map((speed) => (
    `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(speed)}" y2="${y(speed)}"/>`
    + `<text class="value" x="${LEFT - 8}" y="${y(speed) + 4}" text-anchor="end">${speed}x</text>`));
  const ticks = columns.map(({ title }, index) => (
    `<text class="value" x="${x(index)}" y="${y(0) + 18}" text-anchor="middle">${escape(title)}</text>`));
  const drawn = lines.map(({ row, points, nameY }) => (
    `<polyline class="line ${colourOf(row)}" points="${points.map((point) => point.map((v) => v.toFixed(1)).join(',')).join(' ')}"/>`
    + `<text x="${RIGHT + 10}" y="${nameY.toFixed(1)}">${escape(row.title)}</text>`));
  return `<div class="wide"><svg viewBox="0 0 ${WIDTH} ${height.toFixed(0)}" role="img" aria-label="speed-up over serial">
${[...grid, ...ticks, ...drawn].join('\n')}
</svg></div>`;
}
