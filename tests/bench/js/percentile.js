/** @param {number[]} sorted  rising  @param {number} part  0.5 for the middle */
export function percentile(sorted, part) {
  return sorted.length > 0 ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] : NaN;
}
