// Each workload on one thread of JavaScript: the first rung.

import { blake3 } from './blake3.js';
import { sum } from './doubles.js';
import { QUEENS, SAXPY_FACTOR } from './inputs.js';
import { VIEW, drawRows } from './mandelbrot.js';
import { queens, saxpy } from './small.js';
import { countTree } from './uts.js';

/** One workload ready to run: `reset` (not on the clock), then `run`. */
export const openSerial = {
  blake3: ({ words, size }) => ({ run: () => blake3(words, size) }),

  mandelbrot() {
    const image = new Uint16Array(VIEW.width * VIEW.height);
    return {
      run() {
        drawRows(image, 0, VIEW.height);
        return image;
      },
    };
  },

  sort(input) {
    const xs = new Float64Array(input.xs.length);
    return { reset: () => xs.set(input.xs), run: () => xs.sort() };
  },

  sum: ({ xs }) => ({ run: () => sum(xs, 0, xs.length) }),

  uts: () => ({ run: () => countTree() }),

  saxpy(input) {
    const ys = new Float32Array(input.ys.length);
    return {
      reset: () => ys.set(input.ys),
      run() {
        saxpy(SAXPY_FACTOR, input.xs, ys);
        return ys;
      },
    };
  },

  nqueens: () => ({ run: () => queens(QUEENS) }),
};
