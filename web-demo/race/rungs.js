/**
 * The rungs of the ladder. Each takes an input that lies in ordinary memory of the page, and is
 * done when the page can read the result.
 */
import { SUBTREE_BYTES, hashSmall, hashSubtree, join, subtreeBytes } from './blake3.js';
import { piecesOf } from './inputs.js';
import { PHASES, blurWeights } from './pieces.js';

export const BLUR_RADIUS = 12;
/** How long JavaScript on the page works before it lets the page breathe. */
const SLICE_MS = 12;
const SMALL_BYTES = 1024;

/**
 * @typedef {object} Run
 * @property {string} kind  blur, sort or hash
 * @property {any} input
 * @property {import('../engine.js').Engine} engine
 * @property {number} threads
 * @property {AbortSignal} signal
 * @property {(fraction: number) => void} progress
 * @property {(clean: () => void) => void} after  what to do once the result has been looked at
 */

/** Lets the page have its frame. */
const breathe = () => new Promise((resolve) => setTimeout(resolve));

/** @param {string} kind  @param {any} input  @param {(bytes: number) => ArrayBufferLike} memory */
function dataOf(kind, input, memory) {
  if (kind === 'sort') {
    const xs = new Float64Array(memory(input.numbers.byteLength));
    xs.set(input.numbers);
    return { xs, spare: new Float64Array(memory(xs.byteLength)) };
  }
  const pixels = new Uint8Array(memory(input.pixels.length));
  pixels.set(input.pixels);
  const { width, height } = input;
  return { pixels, spare: new Uint8Array(memory(pixels.length)), width, height, weights: blurWeights(BLUR_RADIUS) };
}

/** @param {any} data */
const resultOf = (data) => data.pixels ?? data.xs;

// ---- On the page ---------------------------------------------------------------------------

/** @param {Run} run */
export async function onPage({ kind, input, signal, progress }) {
  let since = performance.now();
  const rest = async (/** @type {number} */ fraction) => {
    if (performance.now() - since < SLICE_MS) return;
    progress(fraction);
    await breathe();
    signal.throwIfAborted();
    since = performance.now();
  };
  if (kind === 'hash') {
    return hashPieces(input, async ({ words, bytes }, _index, firstChunk, fraction) => {
      await rest(fraction);
      signal.throwIfAborted();
      return hashSubtree(words, bytes, firstChunk);
    });
  }
  const data = dataOf(kind, input, (bytes) => new ArrayBuffer(bytes));
  const phases = PHASES[kind](data);
  const total = phases.reduce((sum, { pieces }) => sum + pieces, 0);
  let done = 0;
  for (const { pieces, run } of phases) {
    for (let piece = 0; piece < pieces; piece++) {
      run(piece);
      await rest(++done / total);
    }
  }
  return resultOf(data);
}

/**
 * @param {import('./inputs.js').BytesInput} input
 * @param {(piece: { words: Int32Array, bytes: number }, index: number, firstChunk: number, fraction: number) => Promise<Int32Array> | Promise<{ value: Promise<Int32Array> }>} hash
 */
async function hashPieces(input, hash) {
  const length = subtreeBytes(input.size);
  const values = [];
  for await (const piece of piecesOf(input, length)) {
    if (input.size <= SMALL_BYTES) return hashSmall(piece.words, piece.bytes);
    const index = values.length;
    const value = await hash(piece, index, (index * length) / 1024, (index * length) / input.size);
    values.push('value' in value ? value.value : value);
  }
  if (values.length === 0) return hashSmall(new Int32Array(0), 0);
  return join(await Promise.all(values));
}

// ---- In workers ----------------------------------------------------------------------------

/**
 * Starts workers, hands them over, and ends them whatever happens.
 *
 * @template T
 * @param {number} count  @param {AbortSignal} signal
 * @param {(workers: Worker[], started: () => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withWorkers(count, signal, work) {
  /** @type {Worker[]} */
  const workers = [];
  /** @type {() => void} */
  let abort = () => {};
  try {
    return await new Promise((resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort);
      const ready = Array.from({ length: count }, (_, i) => {
        const worker = new Worker(new URL('./race-worker.js', import.meta.url), { type: 'module', name: `race ${i}` });
        workers.push(worker);
        worker.addEventListener('error', (event) => reject(new Error(event.message || 'race-worker.js, a worker of the race, cannot be loaded')));
        return answer(worker, 'ready');
      });
      Promise.all(ready).then(() => work(workers)).then(resolve, reject);
    });
  } finally {
    signal.removeEventListener('abort', abort);
    for (const worker of workers) worker.terminate();
  }
}

/** @param {Worker} worker  @param {string} type  @returns {Promise<any>} */
function answer(worker, type) {
  return new Promise((resolve) => {
    const listen = (/** @type {MessageEvent} */ { data }) => {
      if (data.type !== type) return;
      worker.removeEventListener('message', listen);
      resolve(data);
    };
    worker.addEventListener('message', listen);
  });
}

/** One worker, which gets a copy and sends one back. @param {Run} run  @param {() => void} started */
export function withCopies({ kind, input, signal, progress }, started) {
  return withWorkers(1, signal, ([worker]) => {
    started();
    if (kind === 'hash') return hashByWorkers([worker], input, progress, false);
    worker.addEventListener('message', ({ data }) => data.type === 'progress' && progress(data.fraction));
    const result = answer(worker, 'result').then(({ result: made }) => made);
    const { width, height, pixels } = input;
    const data = kind === 'sort' ? { xs: input.numbers } : { pixels, width, height, weights: blurWeights(BLUR_RADIUS) };
    worker.postMessage({ type: 'copies', kind, data });
    return result;
  });
}

/** Several workers on shared memory, by hand. @param {Run} run  @param {() => void} started */
export function withSharedMemory({ kind, input, threads, signal, progress }, started) {
  return withWorkers(threads, signal, async (workers) => {
    started();
    if (kind === 'hash') return hashByWorkers(workers, input, progress, true);
    const data = dataOf(kind, input, (bytes) => new SharedArrayBuffer(bytes));
    const phases = PHASES[kind](data);
    const next = new Int32Array(new SharedArrayBuffer(4 * phases.length));
    const total = phases.reduce((sum, { pieces }) => sum + pieces, 0);
    const timer = setInterval(() => progress(phases.reduce((sum, { pieces }, i) => sum + Math.min(pieces, Atomics.load(next, i)), 0) / total), 30);
    try {
      for (const worker of workers) worker.postMessage({ type: 'share', kind, data, next });
      for (const index of phases.keys()) {
        const done = workers.map((worker) => answer(worker, 'phase'));
        for (const worker of workers) worker.postMessage({ type: 'phase', index });
        await Promise.all(done);
      }
    } finally {
      clearInterval(timer);
    }
    return resultOf(data);
  });
}

/** A view on part of a buffer would take all of it along. @param {Int32Array} words */
const own = (words) => (words.byteLength === words.buffer.byteLength ? words : words.slice());

/**
 * Two pieces are on the way to each worker: one that it hashes, one that waits.
 *
 * @param {Worker[]} workers  @param {import('./inputs.js').BytesInput} input
 * @param {(fraction: number) => void} progress  @param {boolean} shared
 */
async function hashByWorkers(workers, input, progress, shared) {
  /** @type {Map<number, (value: Int32Array) => void>} */
  const open = new Map();
  /** @type {{ worker: Worker, slot: number, words?: Int32Array }[]} */
  const free = [...workers, ...workers].map((worker, slot) => ({ worker, slot, words: shared ? new Int32Array(new SharedArrayBuffer(SUBTREE_BYTES)) : undefined }));
  const slots = [...free];
  let freed = () => {};
  for (const worker of workers) {
    worker.addEventListener('message', ({ data }) => {
      if (data.type !== 'hash') return;
      open.get(data.index)?.(data.value);
      open.delete(data.index);
      free.push(slots[data.slot]);
      freed();
    });
  }
  return hashPieces(input, async ({ words, bytes }, index, firstChunk, fraction) => {
    progress(fraction);
    if (free.length === 0) await new Promise((resolve) => { freed = () => resolve(undefined); });
    const { worker, slot, words: room } = /** @type {typeof slots[0]} */ (free.shift());
    room?.set(words);
    const value = new Promise((resolve) => open.set(index, resolve));
    worker.postMessage({ type: 'hash', slot, index, bytes, firstChunk, words: room ?? own(words) });
    return { value };
  });
}

// ---- weft ----------------------------------------------------------------------------------

/** @param {Run} run  @param {() => void} started */
export async function withWeft({ kind, input, engine, threads, signal, progress, after }, started) {
  const rt = await engine.use(threads);
  signal.throwIfAborted();
  started();
  const onProgress = (/** @type {{ done: number, total: number }} */ { done, total }) => progress(done / Math.max(1, total));
  if (kind === 'hash') return rt.hash(input.source, { signal, onProgress });
  const calls = rt.with({ signal, onProgress });
  const numbers = kind === 'sort';
  const array = rt.share(numbers ? input.numbers : input.pixels);
  /** @type {(ArrayBufferView | number)[]} */
  const taken = [array];
  after(() => release(rt, taken));
  if (numbers) await calls.call('weft_sort_f64', array, array.length);
  else {
    const weights = rt.share(blurWeights(BLUR_RADIUS));
    const spare = rt.alloc(array.length);
    taken.push(weights, spare);
    await calls.call('demo_blur', array, spare, input.width, input.height, weights, BLUR_RADIUS);
  }
  return array;
}

/** Gives arrays back once a cancelled call has let go of them. @param {any} rt  @param {(ArrayBufferView | number)[]} arrays */
async function release(rt, arrays) {
  for (const array of arrays) {
    for (;;) {
      try {
        rt.free(array);
        break;
      } catch (error) {
        if (/** @type {any} */ (error).code !== 'WEFT_ERR_STATE') return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
