// Each workload on SharedArrayBuffer and Atomics, by hand. `prepare` makes the shared
// memory in the main thread, `run` drives a team through one or more phases, and the
// functions in `tasks` do one index of a phase on any thread of the team.

import { hashSubtree, joinSubtrees, subtrees, wordsFor } from './blake3.js';
import { mergeSlice, runBounds, sum } from './doubles.js';
import { BAND_ROWS, VIEW, drawRows } from './mandelbrot.js';
import { STATE_WORDS, countSubtree, expand } from './uts.js';

const SUM_PIECES = 64;
const UTS_TASKS_PER_THREAD = 16;
const UTS_TASKS_MAX = 65536;

/** A typed array on shared memory, filled from another one. */
function share(Type, source) {
  const array = new Type(new SharedArrayBuffer(source.length * Type.BYTES_PER_ELEMENT));
  array.set(source);
  return array;
}

const shared = (Type, count) => share(Type, { length: count });

export const sharedWork = {
  blake3: {
    prepare({ words, size }) {
      const trees = subtrees(size);
      return { words: share(Int32Array, words), size, cvs: shared(Int32Array, 8 * trees.length) };
    },
    async run(team, { cvs }) {
      await team.phase('hash', cvs.length / 8);
      return joinSubtrees(cvs.slice()); // a copy: Buffer.from wants unshared memory
    },
    tasks: {
      hash(state, i) {
        state.trees ??= subtrees(state.size);
        const { offset, length, firstChunk } = state.trees[i];
        hashSubtree(wordsFor(state.words.buffer, state.size), offset, length, firstChunk,
          state.cvs, 8 * i);
      },
    },
  },

  mandelbrot: {
    prepare: () => ({ image: shared(Uint16Array, VIEW.width * VIEW.height) }),
    async run(team, { image }) {
      await team.phase('draw', VIEW.height / BAND_ROWS);
      return image;
    },
    tasks: {
      draw({ image }, band) {
        const first = band * BAND_ROWS;
        drawRows(image.subarray(first * VIEW.width), first, first + BAND_ROWS);
      },
    },
  },

  sort: {
    prepare: ({ xs }, threads) => ({
      lists: [share(Float64Array, xs), shared(Float64Array, xs.length)],
      plan: shared(Int32Array, threads + 4), // which list, slices per merge, run bounds
    }),
    reset: ({ lists }, { xs }) => lists[0].set(xs),
    async run(team, { lists, plan }) {
      let bounds = runBounds(lists[0].length, team.threads);
      plan[0] = 0;
      plan.set(bounds, 2);
      await team.phase('sort', team.threads);
      while (bounds.length > 2) {
        const merges = Math.ceil((bounds.length - 1) / 2);
        plan[1] = Math.ceil((2 * team.threads) / merges);
        // A run without a partner is merged with an empty one: copied.
        plan.set([...bounds, bounds[bounds.length - 1]], 2);
        await team.phase('merge', merges * plan[1]);
        bounds = [...bounds.filter((_, i) => i % 2 === 0 && i < bounds.length - 1), bounds.at(-1)];
        plan[0] = 1 - plan[0];
      }
      return lists[plan[0]];
    },
    tasks: {
      sort: ({ lists, plan }, i) => lists[0].subarray(plan[2 + i], plan[3 + i]).sort(),
      merge({ lists, plan }, i) {
        const [from, to] = plan[0] ? [lists[1], lists[0]] : lists;
        const pair = 2 + 2 * Math.floor(i / plan[1]);
        mergeSlice(from, to, plan[pair], plan[pair + 1], plan[pair + 2], i % plan[1], plan[1]);
      },
    },
  },

  sum: {
    prepare: ({ xs }) => ({ xs: share(Float64Array, xs), sums: shared(Float64Array, SUM_PIECES) }),
    async run(team, { sums }) {
      await team.phase('add', SUM_PIECES);
      return sum(sums, 0, SUM_PIECES);
    },
    tasks: {
      add({ xs, sums }, i) {
        const bounds = [i, i + 1].map((n) => Math.floor((xs.length * n) / SUM_PIECES));
        sums[i] = sum(xs, bounds[0], bounds[1]);
      },
    },
  },

  uts: {
    prepare: () => ({
      states: shared(Int32Array, STATE_WORDS * UTS_TASKS_MAX),
      totals: shared(Int32Array, 3), // nodes, leaves, depth
    }),
    async run(team, { states, totals }) {
      const opened = expand(UTS_TASKS_PER_THREAD * team.threads);
      states.set(opened.states);
      totals.set([opened.counts.nodes, opened.counts.leaves, opened.counts.depth]);
      await team.phase('count', opened.states.length / STATE_WORDS);
      return { nodes: totals[0], leaves: totals[1], depth: totals[2] };
    },
    tasks: {
      count({ states, totals }, i) {
        const counts = countSubtree(states, i);
        Atomics.add(totals, 0, counts.nodes);
        Atomics.add(totals, 1, counts.leaves);
        let seen = Atomics.load(totals, 2);
        while (seen < counts.depth) {
          const before = Atomics.compareExchange(totals, 2, seen, counts.depth);
          if (before === seen) break;
          seen = before;
        }
      },
    },
  },
};
