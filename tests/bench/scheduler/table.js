// The tables on the terminal.

import { median } from '../stats.js';
import { p99, ratios, show, tell } from './cells.js';

const NAME_WIDTH = 28;
const RANGES_UP_TO = 3; // columns; with more of them the ranges are in the report only

function cellText(section, row, column, wide) {
  if (column.show === 'text') return row.cells[column.id]?.text ?? '-';
  const cell = tell(section, row, column);
  if (cell === null) return '-';
  return wide && cell.n > 1 ? `${show(cell.median)} [${show(cell.min)}..${show(cell.max)}]` : show(cell.median);
}

/** Extra columns that follow from the others. */
export function extraColumns(section) {
  if (section.id === 'fib') {
    const [one, two] = section.columns;
    return [{
      title: '2T over 1T',
      text(row) {
        const gain = median(ratios(row, row, one, two));
        return row.kind !== 'serial' && gain > 0 ? `${show(gain)}x` : '-';
      },
    }];
  }
  if (section.id === 'wake') {
    return [{ title: 'rdv p99, us', text: (row) => show(p99(row, section.columns[0]) / 1e3) }];
  }
  if (section.id === 'lanes') {
    return section.columns.map((column) => (
      { title: `p99 ${column.title}`, text: (row) => show(p99(row, column) / 1e3) }));
  }
  return [];
}

/** The lines of one section's table. */
export function tableLines(section) {
  const wide = section.columns.length <= RANGES_UP_TO;
  const width = section.width ?? (wide ? 25 : 10);
  const extras = extraColumns(section);
  const ran = section.rows.filter((row) => !row.skip && !row.error);
  const lines = [section.title, ...section.notes.map((note) => `  ${note}`)];
  const heads = section.columns.map(({ title }) => title.padStart(width));
  const more = extras.map(({ title }) => title.padStart(14));
  lines.push(`  ${['peer'.padEnd(NAME_WIDTH), ...heads, ...more].join(' ')}`);
  for (const row of ran) {
    const cells = section.columns.map((column) => (
      cellText(section, row, column, wide).padStart(width)));
    const last = extras.map(({ text }) => text(row).padStart(14));
    lines.push(`  ${[row.title.padEnd(NAME_WIDTH), ...cells, ...last].join(' ')}`);
  }
  for (const row of section.rows) {
    if (row.error) lines.push(`  ${row.title.padEnd(NAME_WIDTH)} WRONG OR FAILED: ${row.error}`);
  }
  lines.push(`  ${section.rounds} round${section.rounds === 1 ? '' : 's'} in ${section.seconds.toFixed(0)} s`);
  const skipped = section.rows.filter((row) => row.skip).map((row) => row.title);
  if (skipped.length > 0) lines.push(`  left out (not built here): ${skipped.join(', ')}`);
  return lines;
}

/** The lines of the summary. */
export function summaryLines(summary) {
  return summary.map(({ label, value, unit, aim, met, limit }) => {
    const verdict = met ? 'met    ' : 'NOT met';
    return `  ${label.padEnd(52)} ${`${show(value)}${unit}`.padStart(10)}  aim ${aim.padEnd(11)} `
      + `${verdict}  ${limit ?? ''}`.trimEnd();
  });
}
