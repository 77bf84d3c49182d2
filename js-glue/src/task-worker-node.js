/** What a worker in Node loads to run tasks. */
import { write } from './node-write-rare.js';

export { createTasks } from './task-worker.js';

// Node hands what a worker prints to the main thread piece by piece, each after an answer to
// the one before, which a worker inside the scheduler would never hear.
for (const [fd, stream] of /** @type {[1 | 2, any][]} */ ([[1, process.stdout], [2, process.stderr]])) {
  /** @param {{ chunk: string | Uint8Array, encoding: BufferEncoding }[]} chunks  @param {() => void} done */
  stream._writev = (chunks, done) => {
    for (const { chunk, encoding } of chunks) write(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    done();
  };
}
