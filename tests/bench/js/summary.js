// The aims, and which of them are met.

import { median } from '../stats.js';
import { ratios, tell } from '../scheduler/cells.js';

const atMost = (value) => ({ aim: `<= ${value}`, holds: (x) => x <= value });
const atLeast = (value) => ({ aim: `>= ${value}`, holds: (x) => x >= value });

/** Finds the figures of a run; NaN for those that were not measured. */
function reader(results) {
  const find = (sectionId, peerId, columnId) => {
    const section = results.find(({ id }) => id === sectionId);
    return {
      section,
      row: section?.rows.find(({ id, error }) => id === peerId && !error),
      column: section?.columns.find(({ id }) => id === columnId),
    };
  };
  return {
    value(...place) {
      const { section, row, column } = find(...place);
      return row && column ? tell(section, row, column)?.median ?? NaN : NaN;
    },
    /** The first peer's figure over the second's, by round. */
    ratio(sectionId, above, below, columnId) {
      const { row: base, column } = find(sectionId, above, columnId);
      const { row } = find(sectionId, below, columnId);
      return base && row ? median(ratios(base, row, column)) : NaN;
    },
  };
}

/** @param {object[]} results  what measureSection returned */
export function summarise(results) {
  const { value, ratio } = reader(results);
  const best = (columnId) => Math.max(...['piscina', 'tinypool', 'workerpool', 'poolifier', 'comlink']
    .map((id) => value('calls', id, columnId)).filter(Number.isFinite));
  const flight = value('calls', 'weft-c', 'flight');
  return [
    ['empty C jobs, 10,000 in flight, millions per s', flight / 1e6, ' M', atLeast(3), ''],
    ['the same, times the best pool', flight / best('flight'), 'x', atLeast(20), ''],
    ['one at a time, p50 over the bare round trip', ratio('calls', 'weft-c', 'ring', 'p50'), 'x', atMost(1.15), ''],
    ['callSync, p50', value('calls', 'weft-sync', 'p50'), ' us', atMost(2), ''],
    ['forEach in plain JS over one thread', value('loop', 'weft', 'speed'), 'x', atLeast(1.9), ''],
    ['cold start, 2 workers, over bare workers', ratio('start', 'weft', 'bare', 'two'), 'x', atMost(1.15), ''],
    ['cold start, 8 workers, over bare workers', ratio('start', 'weft', 'bare', 'eight'), 'x', atMost(1.15), ''],
    ['import', value('start', 'weft', 'import'), ' ms', atMost(2), ''],
  ]
    .filter(([, figure]) => Number.isFinite(figure))
    .map(([label, figure, unit, goal, limit]) => ({ label, value: figure, unit, aim: goal.aim, met: goal.holds(figure), limit }));
}
