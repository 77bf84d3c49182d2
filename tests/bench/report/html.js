// The report as one page: no scripts, nothing loaded from elsewhere, light and dark.

import { chart, kindOf } from './chart.js';
import { STYLE } from './style.js';
import { relativeSpeeds, showMs, showRatio } from './text.js';

/** Text for use inside HTML. */
export function escape(text) {
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return String(text).replace(/[&<>"]/g, (character) => names[character]);
}

const cells = (tag, values) => values.map((value) => `<${tag}>${escape(value)}</${tag}>`).join('');

function tableRow(workload, row) {
  if (row.skip) return `<tr class="out">${cells('td', [row.title])}<td colspan="8">left out: ${escape(row.skip)}</td></tr>`;
  if (row.error) {
    return `<tr class="wrong">${cells('td', [row.title])}<td colspan="8">wrong or failed: ${escape(row.error)}</td></tr>`;
  }
  const { toJs, toWeft } = relativeSpeeds(workload, row);
  return `<tr>${cells('td', [
    row.title, row.threads, showMs(row.medianMs), `${showMs(row.minMs)} to ${showMs(row.maxMs)}`,
    row.n, showMs(row.firstMs), row.speed.toFixed(1), showRatio(toJs), showRatio(toWeft),
  ])}</tr>`;
}

function section(workload) {
  const heads = ['rung', 'threads', 'median ms', 'min to max', 'runs', 'first ms', workload.unit,
    workload.name === 'start' ? '× bare' : '× JS', '× weft wasi'];
  return `<section>
<h2>${escape(workload.title)}</h2>
<p class="note">${escape(workload.about)}. Checked against: ${escape(workload.checkedAgainst)}.</p>
${chart(workload)}
<details><summary>All numbers, and what the clock covers</summary>
<p>${escape(workload.clock)}</p>
<div class="wide"><table><thead><tr>${cells('th', heads)}</tr></thead>
<tbody>${workload.rows.map((row) => tableRow(workload, row)).join('\n')}</tbody></table></div>
</details>
</section>`;
}

function summaryTable(summary) {
  if (summary.length === 0) return '';
  const rows = summary.map(({ label, value, aim, met }) => {
    const verdict = aim ? `${aim}: ${met ? 'met' : 'not met'}` : '';
    return `<tr><td>${escape(label)}</td><td>${showRatio(value)}</td>`
      + `<td class="${aim && !met ? 'wrong' : ''}">${escape(verdict)}</td></tr>`;
  });
  return `<section><h2>In short</h2><div class="wide"><table class="summary">
<thead><tr>${cells('th', ['', 'ratio', 'aim'])}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></section>`;
}

const legend = Object.entries(kindOf.names).map(([kind, name]) => (
  `<span class="key ${kind}"></span>${escape(name)}`)).join(' ');

function outcome({ failures }) {
  if (failures.length === 0) return '<p class="right">Every result is right.</p>';
  return `<p class="wrong">Wrong or failed: ${failures.map(escape).join('; ')}</p>`;
}

const LIMITS = [
  'One machine and its noise. The runs take turns, so ratios are steadier than times; the bars '
    + 'are medians, the thin lines reach from the slowest to the fastest run.',
  'Warm code: the first call of each rung is in the tables, not in the bars. The cold rungs (fork '
    + 'per task, start) are cold each time.',
  'The rungs run the same task, not always the same algorithm: the JavaScript sort is V8\'s '
    + 'comparison sort, weft brings its own.',
  'No browser, no latency of small tasks, no memory use, no energy.',
  'Native code is built for the baseline instruction set, without -march=native.',
];

/** The whole page. @param {object} report  as written to the JSON file */
export function htmlPage({ machine, threads, seconds, summary, failures, results }) {
  const facts = [...machine.lines.slice(1, 3), `${machine.date.slice(0, 16).replace('T', ' ')} UTC, `
    + `took ${seconds.toFixed(0)} s, load average at the start ${machine.load.toFixed(1)}`];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>weft: the ladder</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>The ladder</h1>
<p>The same work by every way of using ${threads === 1 ? 'one thread' : `${threads} threads`}, from
plain JavaScript to weft. Longer bars are faster.</p>
<p class="note">${facts.map(escape).join('<br>')}<br><code>${escape(machine.command)}</code></p>
${outcome({ failures })}
<p class="legend">${legend}</p>
</header>
${summaryTable(summary)}
${results.map(section).join('\n')}
<section><h2>What this does not show</h2><ul>${LIMITS.map((text) => `<li>${escape(text)}</li>`).join('\n')}</ul></section>
</body>
</html>
`;
}
