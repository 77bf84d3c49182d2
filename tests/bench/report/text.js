// The tables on the terminal.

import { pairedSpeed } from '../stats.js';

/** Milliseconds with three digits that matter. */
export function showMs(ms) {
  if (ms === undefined || Number.isNaN(ms)) return '-';
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

/** A ratio, as 1.95x; '-' where there is none. */
export function showRatio(ratio) {
  if (!(ratio > 0)) return '-';
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}x`;
}

const showSpeed = (speed) => (speed >= 100 ? speed.toFixed(0) : speed.toFixed(1));

const COLUMNS = [
  ['rung', 28], ['threads', 7], ['median ms', 10], ['min..max', 15], ['n', 3], ['first ms', 9],
];

const pad = (text, width, first) => (first ? String(text).padEnd(width) : String(text).padStart(width));

export const findRow = (workload, id) => workload.rows.find((row) => row.id === id && row.rounds);

/** The speeds of a row relative to rung 1 and to weft wasi on all threads. */
export function relativeSpeeds(workload, row) {
  return {
    toJs: pairedSpeed(findRow(workload, workload.name === 'start' ? 'bare' : 'js'), row),
    toWeft: pairedSpeed(findRow(workload, 'wasi'), row),
  };
}

function rowLine(workload, row) {
  const name = pad(row.title, COLUMNS[0][1], true);
  if (row.error) return `${name}  WRONG OR FAILED: ${row.error}`;
  const { toJs, toWeft } = relativeSpeeds(workload, row);
  const cells = [
    row.threads, showMs(row.medianMs), `${showMs(row.minMs)}..${showMs(row.maxMs)}`, row.n,
    showMs(row.firstMs),
  ].map((cell, i) => pad(cell, COLUMNS[i + 1][1]));
  const speeds = [showSpeed(row.speed), showRatio(toJs), showRatio(toWeft)].map((c) => pad(c, 9));
  return [name, ...cells, ...speeds, ' ok'].join(' ');
}

/** The rungs that make no sense or cannot be had here, by the reason. */
function leftOut(workload) {
  const byReason = new Map();
  for (const { skip, title } of workload.rows) {
    if (skip) byReason.set(skip, [...new Set([...(byReason.get(skip) ?? []), title])]);
  }
  return [...byReason];
}

/** The lines of one workload's table. */
export function tableLines(workload) {
  const base = workload.name === 'start' ? 'x bare' : 'x js';
  const head = [
    ...COLUMNS.map(([title, width], i) => pad(title, width, i === 0)),
    ...[workload.unit, base, 'x wasi'].map((title) => pad(title, 9)),
  ].join(' ');
  return [
    `${workload.title} (${workload.about})`,
    `  checked against: ${workload.checkedAgainst}`,
    head,
    ...workload.rows.filter((row) => !row.skip).map((row) => rowLine(workload, row)),
    ...leftOut(workload).map(([why, titles]) => `left out (${why}): ${titles.join(', ')}`),
  ];
}

/** The closing numbers. */
export function summaryLines(summary) {
  return summary.map(({ label, value, unit, aim, met }) => {
    const shown = unit === 'x' ? showRatio(value) : `${showMs(value)} ${unit}`;
    const verdict = aim ? `  aim ${aim}: ${met ? 'met' : 'NOT met'}` : '';
    return `  ${label.padEnd(66)} ${shown.padStart(8)}${verdict}`;
  });
}
