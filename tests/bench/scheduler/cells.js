// From the nanoseconds of the rounds to the values that the tables and plots show.

import { median } from '../stats.js';
import { serialOf } from './peers.js';

const LARGER_IS_BETTER = new Set(['speed', 'GB/s', 'per s']);

export const largerIsBetter = (column) => LARGER_IS_BETTER.has(column.show);

/** One value per round, in the column's unit; speed-ups are of the same round. */
export function valuesOf(section, row, column) {
  const rounds = row?.cells[column.id]?.rounds ?? [];
  switch (column.show) {
    case 'us': return rounds.map((ns) => ns / 1e3);
    case 'ms': return rounds.map((ns) => ns / 1e6);
    case 'text': return [];
    case 'GB/s': return rounds.map((ns) => column.bytes / ns);
    case 'speed': return ratios(section.rows.find(({ id }) => id === (row.base ?? serialOf(row))), row, column);
    default: return [...rounds];
  }
}

/** Time of `base` over time of `row`, round by round: neighbours in time meet the same noise. */
export function ratios(base, row, column, rowColumn = column) {
  const above = base?.cells[column.id]?.rounds ?? [];
  const below = row?.cells[rowColumn.id]?.rounds ?? [];
  return below.map((ns, round) => above[round] / ns).filter((ratio) => ratio > 0);
}

/** What is told of a cell, or null when it has no value. */
export function tell(section, row, column) {
  const values = valuesOf(section, row, column);
  if (values.length === 0) return null;
  return {
    median: median(values), min: Math.min(...values), max: Math.max(...values), n: values.length,
  };
}

/** The 99th percentile of a cell's samples, in ns. */
export function p99(row, column) {
  const samples = [...(row.cells[column.id]?.samples ?? [])].sort((a, b) => a - b);
  return samples.length > 0 ? samples[Math.min(samples.length - 1, Math.floor(samples.length * 0.99))] : NaN;
}

/** A number with three digits that matter. */
export function show(value) {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.01) return value.toFixed(4);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
