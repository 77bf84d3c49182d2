/** Measures what a person feels: frames per second, and the longest gap between two of them. */

const WINDOW_MS = 5000;

/** @type {{ at: number, gap: number }[]} */
let frames = [];
let last = 0;

/** @param {number} now */
function frame(now) {
  if (last > 0) frames.push({ at: now, gap: now - last });
  last = now;
  if (frames.length > 1200) frames = frames.slice(-600);
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

/** Forgets what was: the page has been loading, or hidden, which is no gap. */
export function resetMeter() {
  last = 0;
  frames = [];
}
document.addEventListener('visibilitychange', resetMeter);

/**
 * @param {number} [since]  a time of performance.now(); default: some seconds ago
 * @returns {{ perSecond: number, longestMs: number }}
 */
export function readMeter(since = performance.now() - WINDOW_MS) {
  const recent = frames.filter(({ at, gap }) => at - gap >= since);
  const spent = recent.reduce((sum, { gap }) => sum + gap, 0);
  const waiting = last > 0 ? performance.now() - Math.max(last, since) : 0; // a gap that goes on
  return {
    perSecond: spent > 0 ? (1000 * recent.length) / spent : 0,
    longestMs: recent.reduce((most, { gap }) => Math.max(most, gap), waiting),
  };
}
