import { writeSync } from 'node:fs';

/** @type {Int32Array | undefined} */
let pause;

/**
 * Writes all of `bytes` before it returns, from any thread and past Node's own streams, so
 * that what C printed is out even if the process ends in the next moment.
 *
 * @param {1 | 2} fd  @param {Uint8Array} bytes
 */
export function write(fd, bytes) {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
      // Not by SharedArrayBuffer, which may be hidden.
      pause ??= new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
      Atomics.wait(pause, 0, 0, 1); // a full pipe that does not block: let the reader read
    }
  }
}
