/**
 * The worker of the rungs in JavaScript. It gets copies ("copies": one worker does it all and
 * sends a copy back) or shared memory ("share", then one "phase" after the other, whose pieces all
 * workers take from one counter).
 */
import { hashSubtree } from './blake3.js';
import { PHASES } from './pieces.js';

const scope = /** @type {any} */ (globalThis);
const TELL_MS = 30;
/** @type {import('./pieces.js').Phase[]} */
let phases = [];
/** @type {Int32Array} */
let next;

/** @param {{ kind: string, data: any }} message */
function runCopies({ kind, data }) {
  const result = data.pixels ?? data.xs;
  const all = PHASES[kind]({ ...data, spare: result.slice() });
  const total = all.reduce((sum, { pieces }) => sum + pieces, 0);
  let done = 0;
  let told = performance.now();
  for (const { pieces, run } of all) {
    for (let piece = 0; piece < pieces; piece++) {
      run(piece);
      done++;
      if (performance.now() - told < TELL_MS) continue;
      told = performance.now();
      scope.postMessage({ type: 'progress', fraction: done / total });
    }
  }
  scope.postMessage({ type: 'result', result });
}

/** @param {number} index */
function runPhase(index) {
  const { pieces, run } = phases[index];
  for (let piece; (piece = Atomics.add(next, index, 1)) < pieces;) run(piece);
  scope.postMessage({ type: 'phase' });
}

scope.addEventListener('message', (/** @type {MessageEvent} */ { data: message }) => {
  switch (message.type) {
    case 'copies':
      runCopies(message);
      break;
    case 'share':
      phases = PHASES[message.kind](message.data);
      next = message.next;
      break;
    case 'phase':
      runPhase(message.index);
      break;
    case 'hash': // words: a copy, or shared
      scope.postMessage({ type: 'hash', slot: message.slot, index: message.index, value: hashSubtree(message.words, message.bytes, message.firstChunk) });
      break;
  }
});
scope.postMessage({ type: 'ready' });
