import { Control } from './control.js';
import { WeftError } from './errors.js';
import { share } from './heap-rare.js';
import { show } from './show.js';
import { optionsOf } from './numbers.js';
import { bytesOf, openSource } from './hash-source.js';
import { Kernel, discard, findKernel } from './kernel.js';

/** @typedef {import('./hash-source.js').HashSource} HashSource */
/**
 * @template {'hex' | 'bytes'} E
 * @typedef {object} HashOptions
 * @property {(progress: import('./control.js').Progress) => void} [onProgress]  bytes hashed,
 *   and in all, 0 where that is not known; called after each piece
 * @property {AbortSignal} [signal]
 * @property {E} [encoding]  default `hex`
 */

const DIGEST_BYTES = 32;
/** Of each of the two buffers: long enough for all threads, and for few system calls. */
const PIECE_BYTES = 2 * 1024 * 1024;

/**
 * See Algebra.hash.
 *
 * @param {import('./runtime.js').Core} core
 * @param {import('./control.js').Control | undefined} control
 * @param {HashSource} source
 * @param {HashOptions<'hex' | 'bytes'>} [options]
 * @returns {Promise<string | Uint8Array>}
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_NOMEM`, `WEFT_ERR_EXPORT`,
 *   `WEFT_ERR_UNSUPPORTED`, `WEFT_ERR_CLOSED`; what the source throws; the signal's reason
 */
export async function hash(core, control, source, options) {
  const { encoding = 'hex', ...given } = optionsOf('rt.hash', options, ['onProgress', 'signal', 'encoding']);
  if (encoding !== 'hex' && encoding !== 'bytes') {
    throw new WeftError('WEFT_ERR_INVALID', `rt.hash: encoding must be 'hex' or 'bytes', got ${show(encoding)}`);
  }
  const rules = new Control({ signal: given.signal, onProgress: given.onProgress }, control, 'rt.hash');
  if (rules.signal?.aborted) throw rules.signal.reason;
  const { onProgress } = rules;
  rules.onProgress = undefined; // that is about bytes, and not for each kernel
  const bytes = bytesOf(source);
  const digest = bytes && (bytes.buffer === core.memory.buffer || bytes.length <= PIECE_BYTES)
    ? await hashWhole(core, rules, bytes, onProgress)
    : await hashPieces(core, rules, await openSource(core, source), onProgress);
  return encoding === 'bytes' ? digest : Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {import('./runtime.js').Core} core  @param {Control | undefined} control */
function callKernels({ callables, heap, memory, mustBeOpen, jobs }, control) {
  /** @param {string} name  @param {...any} args */
  const call = (name, ...args) => jobs.run(findKernel({ callables, mustBeOpen }, name), args, control);
  /**
   * For those that write a digest where their last argument points.
   *
   * @param {string} name  @param {...any} args
   */
  const digest = async (name, ...args) => {
    const entry = findKernel({ callables, mustBeOpen }, name);
    const kernel = new Kernel(heap, entry, DIGEST_BYTES, (at) => [at],
      (at) => new Uint8Array(memory.buffer, at, DIGEST_BYTES).slice());
    return /** @type {Uint8Array} */ ((await jobs.run(kernel, args, control))[1]);
  };
  return { call, digest };
}

/**
 * Bytes that are in memory, by one call.
 *
 * @param {import('./runtime.js').Core} core  @param {Control | undefined} control
 * @param {Uint8Array} bytes
 * @param {HashOptions<any>['onProgress']} onProgress
 */
async function hashWhole(core, control, bytes, onProgress) {
  const { heap } = core;
  const { digest } = callKernels(core, control);
  const own = bytes.buffer === core.memory.buffer;
  core.mustBeOpen();
  const array = own ? bytes : share(heap, bytes);
  try {
    const result = await digest('weft_blake3', array, array.length);
    onProgress?.({ done: array.length, total: array.length });
    return result;
  } finally {
    if (!own) discard(core, array);
  }
}

/**
 * A stream: reads one piece while the workers hash the other.
 *
 * @param {import('./runtime.js').Core} core  @param {Control | undefined} control
 * @param {import('./hash-source.js').Reader} reader
 * @param {HashOptions<any>['onProgress']} onProgress
 * @returns {Promise<Uint8Array>}
 */
async function hashPieces(core, control, reader, onProgress) {
  const { total = Infinity } = reader;
  /** @type {Uint8Array[]} */
  const arrays = [];
  const take = (/** @type {number} */ length) => {
    core.mustBeOpen();
    const array = core.heap.array(Uint8Array, length);
    arrays.push(array);
    return array;
  };
  let stopped = false;
  const limit = control?.timeoutMs;
  if (control) control.timeoutMs = undefined; // it is for all kernels together
  const { call, digest } = callKernels(core, control);

  const work = async () => {
    const state = take(await call('weft_blake3_state_bytes'));
    const length = Math.min(PIECE_BYTES, total + 1); // to see the end at once
    const buffers = [take(length)];
    let hashing = call('weft_blake3_init', state);
    let done = 0;
    let told = 0;
    const tell = () => {
      if (told < done && !stopped) onProgress?.({ done: told = done, total: reader.total ?? 0 });
    };
    for (let turn = 0, filled = length; filled === length && !stopped; turn ^= 1) {
      hashing.catch(() => {}); // it is awaited after the read
      const buffer = buffers[turn] ??= take(length);
      filled = await reader.fill(buffer);
      await hashing;
      tell();
      if (filled > 0) hashing = call('weft_blake3_update', state, buffer, filled);
      done += filled;
    }
    await hashing;
    tell();
    return digest('weft_blake3_finish', state);
  };

  /** @type {any} */
  let timer;
  let abort = () => {};
  const ended = /** @type {Promise<never>} */ (new Promise((_, reject) => {
    abort = () => reject(control?.signal?.reason);
    control?.signal?.addEventListener('abort', abort);
    if (limit !== undefined) {
      timer = setTimeout(() => reject(new WeftError('WEFT_ERR_TIMEOUT', `rt.hash: not done after ${limit} ms`)), limit);
    }
  }));
  try {
    const result = work();
    result.catch(() => {}); // where the signal comes first
    return await Promise.race([result, ended]);
  } finally {
    stopped = true;
    clearTimeout(timer);
    control?.signal?.removeEventListener('abort', abort);
    // A read may still be writing; nobody waits for it to end.
    reader.close().then(() => arrays.splice(0).forEach((array) => discard(core, array)));
  }
}
