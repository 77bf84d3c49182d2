// Runs on weft's workers. Arguments that are arrays of the runtime are shared, not copied.

import { checkpoint } from 'weft/task';

const decoder = new TextDecoder();
const ENOUGH = 4096; // lines between two looks at whether the work is still wanted

/** Parses the lines first..last-1 of `text`; line i ends at ends[i]. */
export function parse(first, last, text, ends, values) {
  for (let line = first; line < last; line++) {
    if (line % ENOUGH === 0) checkpoint();
    const start = line === 0 ? 0 : ends[line - 1] + 1;
    const { ms } = JSON.parse(decoder.decode(text.slice(start, ends[line]))); // slice: not of shared memory
    values[line] = Number(ms);
  }
}
