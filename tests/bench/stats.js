// The few statistics that the ladder uses.

/** The middle of a list of numbers; NaN for none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How many times faster `row` is than `base`: the median over the rounds in which both
 * ran. Neighbours in time meet the same noise, so this is steadier than the ratio of
 * two medians. NaN when they share no round.
 *
 * @param {{rounds: (number|undefined)[]}} base  milliseconds by round
 * @param {{rounds: (number|undefined)[]}} row
 */
export function pairedSpeed(base, row) {
  if (!base || !row) return NaN;
  const ratios = [];
  base.rounds.forEach((ms, round) => {
    if (ms > 0 && row.rounds[round] > 0) ratios.push(ms / row.rounds[round]);
  });
  return median(ratios);
}

/** What is told of the rounds of one rung. */
export function summarise(rounds) {
  const values = rounds.filter((ms) => ms !== undefined);
  return {
    n: values.length,
    medianMs: median(values),
    minMs: Math.min(...values),
    maxMs: Math.max(...values),
  };
}
