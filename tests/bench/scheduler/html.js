// The report as one page: no scripts, nothing loaded from elsewhere, light and dark.

import { escape } from '../report/html.js';
import { STYLE } from '../report/style.js';
import { largerIsBetter, show, tell } from './cells.js';
import { lineChart, barChart, colourOf } from './plots.js';
import { extraColumns } from './table.js';

const cells = (tag, values) => values.map((value) => `<${tag}>${value}</${tag}>`).join('');

const EXTRA_STYLE = `
:root { --peer: #9aa1ab; --floor: #c98a1b; }
@media (prefers-color-scheme: dark) { :root { --peer: #757d89; --floor: #dfa544; } }
.key.peer, .bar.peer { background: var(--peer); fill: var(--peer); }
.key.floor, .bar.floor { background: var(--floor); fill: var(--floor); }
.bar.native { fill: var(--native); } .bar.wasm { fill: var(--wasm); }
.line { fill: none; stroke-width: 2; }
.line.native { stroke: var(--native); } .line.wasm { stroke: var(--wasm); }
.line.peer { stroke: var(--peer); } .line.floor { stroke: var(--floor); stroke-dasharray: 4 3; }
.grid { stroke: var(--line); stroke-width: 1; }
td .dim { font-size: .9em; }
.summary td, .summary th { text-align: left; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
`;

function cellHtml(section, row, column) {
  if (column.show === 'text') return escape(row.cells[column.id]?.text ?? '-');
  const cell = tell(section, row, column);
  if (cell === null) return '-';
  return `${show(cell.median)} <span class="dim">${show(cell.min)} to ${show(cell.max)}</span>`;
}

function tableRow(section, row, extras) {
  const width = section.columns.length + extras.length;
  if (row.error) return `<tr class="wrong"><td>${escape(row.title)}</td><td colspan="${width}">wrong or failed: ${escape(row.error)}</td></tr>`;
  if (row.skip) return `<tr class="out"><td>${escape(row.title)}</td><td colspan="${width}">left out: ${escape(row.skip)}</td></tr>`;
  return `<tr>${cells('td', [
    `<span title="${escape(row.says)}">${escape(row.title)}</span>`,
    ...section.columns.map((column) => cellHtml(section, row, column)),
    ...extras.map(({ text }) => escape(text(row))),
  ])}</tr>`;
}

/** Several columns of speed-ups are one plot over the work; all others a bar chart each. */
function plots(section) {
  const speeds = section.columns.filter(({ show: kind, id }) => kind === 'speed' && id.startsWith('us'));
  const rest = section.columns.filter((column) => !speeds.includes(column) && column.show !== 'text');
  const bars = rest.map((column) => {
    const better = largerIsBetter(column) ? 'longer is better' : 'shorter is better';
    return `<h3>${escape(column.title)} <span class="dim">(${better})</span></h3>${barChart(section, column)}`;
  });
  return [...bars, speeds.length > 0 ? lineChart(section, speeds) : ''].join('\n');
}

function sectionHtml(section) {
  const extras = extraColumns(section);
  const heads = ['peer', ...section.columns.map(({ title }) => title), ...extras.map(({ title }) => title)];
  return `<section>
<h2>${escape(section.title)}</h2>
${section.notes.map((note) => `<p class="note">${escape(note)}</p>`).join('\n')}
${plots(section)}
<details><summary>All numbers: median, least and greatest of ${section.rounds} rounds</summary>
<div class="wide"><table><thead><tr>${cells('th', heads.map(escape))}</tr></thead>
<tbody>${section.rows.map((row) => tableRow(section, row, extras)).join('\n')}</tbody></table></div>
</details>
</section>`;
}

function summaryHtml(summary) {
  if (summary.length === 0) return '';
  const rows = summary.map(({ label, value, unit, aim, met, limit }) => (
    `<tr>${cells('td', [label, `${show(value)}${unit}`, aim].map(escape))}`
    + `<td class="${met ? 'right' : 'wrong'}">${met ? 'met' : 'not met'}</td><td>${escape(limit)}</td></tr>`));
  return `<section><h2>Aims</h2><div class="wide"><table class="summary">
<thead><tr>${cells('th', ['', 'measured', 'aim', '', 'how far from the limit'])}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></section>`;
}

const LIMITS = [
  'One machine, two threads, and its noise. Peers take turns, so that neighbours in time meet the '
    + 'same; speed-ups are paired by round. A value of a round is the median of batches of 30 us.',
  'Threads are not pinned, because a WebAssembly program cannot pin its own. Peers keep their '
    + 'default wait policy; a process is stopped while it is not its turn.',
  'Native code is built for the baseline instruction set, without -march=native.',
  'No browser, no more than two threads, no memory use, no energy.',
];

const SCHEDULER = {
  title: 'The scheduler',
  lead: 'weft on two threads against other schedulers and against what is possible at all.',
  limits: LIMITS,
  kinds: colourOf.names,
};

/**
 * The whole page.
 *
 * @param {object} report  as written to the JSON file
 * @param {typeof SCHEDULER} [texts]  those of another benchmark with such tables
 */
export function htmlPage({ machine, seconds, summary, failures, results }, texts = SCHEDULER) {
  const facts = [...machine.lines.slice(1, 3), `${machine.date.slice(0, 16).replace('T', ' ')} UTC, `
    + `took ${seconds.toFixed(0)} s, load average at the start ${machine.load.toFixed(1)}`];
  const outcome = failures.length === 0 ? '<p class="right">Every result is right.</p>'
    : `<p class="wrong">Wrong or failed: ${failures.map(escape).join('; ')}</p>`;
  const legend = Object.entries(texts.kinds).map(([kind, name]) => (
    `<span class="key ${kind}"></span>${escape(name)}`)).join(' ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>weft: ${escape(texts.title)}</title>
<style>${STYLE}${EXTRA_STYLE}</style>
</head>
<body>
<header>
<h1>${escape(texts.title)}</h1>
<p>${escape(texts.lead)}</p>
<p class="note">${facts.map(escape).join('<br>')}<br><code>${escape(machine.command)}</code></p>
${outcome}
<p class="legend">${legend}</p>
</header>
${summaryHtml(summary)}
${results.map(sectionHtml).join('\n')}
<section><h2>What this does not show</h2><ul>${texts.limits.map((text) => `<li>${escape(text)}</li>`).join('\n')}</ul></section>
</body>
</html>
`;
}
