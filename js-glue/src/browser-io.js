/** The least that both a page and its workers need of a browser. */

/** Bytes of a line that are kept; a longer one is printed in pieces. */
const LINE_MAX = 65536;

const pipes = [console.log, console.error].map((print) => ({
  print,
  decoder: new TextDecoder(),
  rest: '',
}));

/**
 * Prints whole lines, as a console has no others. What comes after the last line break waits
 * for the next one, or for `flush`.
 *
 * @param {1 | 2} fd  @param {Uint8Array} bytes  not shared
 */
export function write(fd, bytes) {
  const pipe = pipes[fd - 1];
  const text = pipe.rest + pipe.decoder.decode(bytes, { stream: true });
  const end = text.length > LINE_MAX ? text.length : text.lastIndexOf('\n') + 1;
  pipe.rest = text.slice(end);
  if (end > 0) pipe.print.call(console, text.slice(0, text[end - 1] === '\n' ? end - 1 : end));
}

/** Prints the lines that have not ended. */
export function flush() {
  for (const pipe of pipes) {
    if (pipe.rest) pipe.print.call(console, pipe.rest);
    pipe.rest = '';
  }
}

/** Nanoseconds of a monotonic clock with the same origin in every thread. */
export const now = () => (performance.timeOrigin + performance.now()) * 1e6;
