import { lockWord } from './ending.js';

/**
 * The standard streams of a program whose threads run in workers: rings in shared memory, so
 * that what any thread writes arrives in the order in which it was written, standard error
 * among standard output, and so that a thread can wait for input without its event loop.
 *
 * Word          | means
 * --------------|-----------------------------------------------------------------------
 * LOCK          | of the writers
 * HEAD, TAIL    | bytes taken out and put in so far, modulo 2^32; the main thread moves
 *               | HEAD, a writer TAIL
 * TOLD          | 1: the main thread has a message that there is output
 * INPUT_LOCK    | of the readers
 * INPUT_HEAD    | the same for input: a reader moves HEAD
 * INPUT_TAIL    | the main thread
 * INPUT_ENDED   | 1: no more will come
 * INPUT_CHANGES | counts what the main thread does, for readers to wait on
 *
 * A piece of output is its descriptor and its length, a word each, then its bytes, padded to
 * whole words.
 */
const Word = Object.freeze({
  LOCK: 0, HEAD: 1, TAIL: 2, TOLD: 3,
  INPUT_LOCK: 4, INPUT_HEAD: 5, INPUT_TAIL: 6, INPUT_ENDED: 7, INPUT_CHANGES: 8,
});
const RING_BYTES = 262144;
const OUTPUT = 64;
const INPUT = OUTPUT + RING_BYTES;
const HEAD_BYTES = 8;
/** The longest piece, so that the main thread can take out while a writer goes on. */
const PIECE_MAX = RING_BYTES / 4;

export const makeStreams = () => new SharedArrayBuffer(INPUT + RING_BYTES);

/** @param {number} length */
const padded = (length) => (length + 3) & ~3;

/** @param {SharedArrayBuffer} buffer  @param {number} start  of a ring */
function openRing(buffer, start) {
  const bytes = new Uint8Array(buffer, start, RING_BYTES);
  /** The parts of the ring that a stretch lies in. @param {number} at  @param {number} length */
  const split = (at, length) => {
    const first = (at >>> 0) % RING_BYTES;
    return [first, Math.min(length, RING_BYTES - first)];
  };
  return {
    /** @param {number} at  @param {Uint8Array} source */
    put(at, source) {
      const [first, room] = split(at, source.length);
      bytes.set(source.subarray(0, room), first);
      bytes.set(source.subarray(room), 0);
    },
    /** @param {number} at  @param {Uint8Array} target */
    get(at, target) {
      const [first, room] = split(at, target.length);
      target.set(bytes.subarray(first, first + room));
      target.set(bytes.subarray(0, target.length - room), room);
      return target;
    },
  };
}

/**
 * A thread's end of the streams.
 *
 * @param {SharedArrayBuffer} buffer
 * @param {(type: 'program:output' | 'program:input') => void} tell  the main thread
 * @returns {import('./memory-files.js').Streams}
 */
export function openStreams(buffer, tell) {
  const words = new Int32Array(buffer, 0, OUTPUT / 4);
  const output = openRing(buffer, OUTPUT);
  const input = openRing(buffer, INPUT);

  /** @param {number} fd  @param {Uint8Array} piece  under the lock */
  function writePiece(fd, piece) {
    const bytes = HEAD_BYTES + padded(piece.length);
    const tail = words[Word.TAIL];
    for (;;) {
      const head = Atomics.load(words, Word.HEAD);
      if (((tail - head) >>> 0) + bytes <= RING_BYTES) break;
      Atomics.wait(words, Word.HEAD, head);
    }
    output.put(tail, new Uint8Array(Int32Array.of(fd, piece.length).buffer));
    output.put(tail + HEAD_BYTES, piece);
    Atomics.store(words, Word.TAIL, (tail + bytes) | 0);
    if (Atomics.exchange(words, Word.TOLD, 1) === 0) tell('program:output');
  }

  return {
    write(fd, bytes) {
      const unlock = lockWord(words, Word.LOCK);
      for (let at = 0; at < bytes.length; at += PIECE_MAX) writePiece(fd, bytes.subarray(at, at + PIECE_MAX));
      unlock();
    },
    read(target) {
      if (target.length === 0) return 0;
      const unlock = lockWord(words, Word.INPUT_LOCK);
      const head = words[Word.INPUT_HEAD];
      let length = 0;
      for (;;) {
        const changes = Atomics.load(words, Word.INPUT_CHANGES);
        length = (Atomics.load(words, Word.INPUT_TAIL) - head) >>> 0;
        if (length > 0 || Atomics.load(words, Word.INPUT_ENDED) !== 0) break;
        tell('program:input');
        Atomics.wait(words, Word.INPUT_CHANGES, changes);
      }
      length = Math.min(length, target.length);
      input.get(head, target.subarray(0, length));
      Atomics.store(words, Word.INPUT_HEAD, (head + length) | 0);
      unlock();
      return length;
    },
  };
}

/**
 * Takes out all that is there.
 *
 * @param {SharedArrayBuffer} buffer
 * @param {(fd: 1 | 2, bytes: Uint8Array) => unknown} write  what it returns is awaited
 */
export async function drainOutput(buffer, write) {
  const words = new Int32Array(buffer, 0, OUTPUT / 4);
  const ring = openRing(buffer, OUTPUT);
  Atomics.store(words, Word.TOLD, 0);
  while (words[Word.HEAD] !== Atomics.load(words, Word.TAIL)) {
    const head = words[Word.HEAD];
    const [fd, length] = new Int32Array(ring.get(head, new Uint8Array(HEAD_BYTES)).buffer);
    const bytes = ring.get(head + HEAD_BYTES, new Uint8Array(length));
    Atomics.store(words, Word.HEAD, (head + HEAD_BYTES + padded(length)) | 0);
    Atomics.notify(words, Word.HEAD);
    const written = write(/** @type {1 | 2} */ (fd), bytes);
    if (written !== undefined) await written;
  }
}

/**
 * The program's input, from the main thread's side.
 *
 * @param {SharedArrayBuffer} buffer
 * @param {AsyncIterator<string | Uint8Array> | Iterator<string | Uint8Array>} source
 * @returns {() => Promise<void>}  to be called for every `program:input`
 */
export function feedInput(buffer, source) {
  const words = new Int32Array(buffer, 0, OUTPUT / 4);
  const ring = openRing(buffer, INPUT);
  let rest = /** @type {Uint8Array} */ (new Uint8Array());
  let ended = false;
  let feeding = false;

  function put() {
    const tail = words[Word.INPUT_TAIL];
    const room = RING_BYTES - ((tail - Atomics.load(words, Word.INPUT_HEAD)) >>> 0);
    const part = rest.subarray(0, room);
    ring.put(tail, part);
    rest = rest.subarray(part.length);
    Atomics.store(words, Word.INPUT_TAIL, (tail + part.length) | 0);
  }

  return async () => {
    if (feeding) return;
    feeding = true;
    try {
      while (rest.length === 0 && !ended) {
        const { done, value } = await source.next();
        ended = Boolean(done);
        if (!done) rest = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      }
      put();
    } catch (error) {
      ended = true;
      throw error;
    } finally {
      if (ended && rest.length === 0) Atomics.store(words, Word.INPUT_ENDED, 1);
      Atomics.add(words, Word.INPUT_CHANGES, 1);
      Atomics.notify(words, Word.INPUT_CHANGES);
      feeding = false;
    }
  };
}
