// What is measured: each section is a table, its columns are commands of command.c.

const SLICE_MS = 8; // of a timed command in one round
const MICROSECONDS = [1, 2, 5, 10, 20, 50, 100];
const PAUSED_MICROSECONDS = [20, 100, 1000, 5000];
const WAKE_SAMPLES = 12;
const SHAPES = ['even', 'triangular', 'spiky'];
const BODIES = [['5 ns', 5], ['50 ns', 50], ['500 ns', 500], ['5 us', 5000]];
const URGENT_SAMPLES = 200;
const SORTED = 1e7;
const SUMMED = 1.6e7; // doubles: 128 MB, more than the caches hold
const KERNELS = ['blake3', 'sort-u64', 'sort-f64', 'fill-noise', 'sum', 'saxpy', 'mandelbrot',
  'nqueens', 'uts-t1', 'uts-t3'];

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title
 * @property {(peer: import('./peers.js').Peer, steps: number) => string} command  `steps` of
 *   bench_work take a microsecond
 * @property {'ns' | 'us' | 'ms' | 'speed' | 'GB/s' | 'cores' | '/s' | 'x'} show  speed: over serial
 * @property {number} [threads]  default 2; a serial peer has 1 always
 * @property {number} [bytes]  that a run moves, for GB/s
 * @property {boolean} [natively]  only native peers have it
 * @property {boolean} [together]  takes two threads at the same time
 */

/**
 * @typedef {object} Section
 * @property {string} id
 * @property {string} title
 * @property {string[]} notes  how to read it
 * @property {number} rounds
 * @property {number} [hotMs]  of each command before the first round; V8 optimises only what
 *   has run for a while
 * @property {number} [seconds]  after which no further round begins
 * @property {boolean} [anew]  each round in new processes
 * @property {Column[]} columns
 */

/** @type {(title: string, shape: string, ns: number) => Column} */
const grains = (title, shape, ns) => ({
  id: `${shape}-${ns}`, title, show: 'x', command: () => `grains ${shape} ${ns}`,
});

const sorted = (type) => ({
  id: type, title: `${type}, ms`, show: 'ms', command: () => `sort ${type} ${SORTED}`,
});

const memory = (id, bytes) => ({
  id, title: `${id}, GB/s`, show: 'GB/s', bytes: bytes * SUMMED, command: () => `${id} ${SUMMED}`,
});

/** @type {Section[]} */
export const SECTIONS = [
  {
    id: 'rdv',
    title: 'Rendezvous: a loop of two iterations that wait for each other, back to back',
    notes: ['Cannot end before a second thread takes part; the fair figure for the cost of a region.'],
    rounds: 11,
    seconds: 12,
    hotMs: 60,
    columns: [{ id: 'rdv', title: 'ns a call', show: 'ns', command: () => `rdv ${SLICE_MS}` }],
  },
  {
    id: 'empty',
    title: 'Empty loops, back to back',
    notes: [
      'The caller may do all of it alone (oneTBB often does). All bodies take ranges: OpenMP and '
        + 'pthreadpool by hand, oneTBB by its static partitioner; per-index bodies cost them more.',
      'Outside: weft_for called where no job runs, so that each call is a job.',
    ],
    rounds: 11,
    seconds: 16,
    hotMs: 40,
    columns: [
      { id: 'n2', title: 'n=2, ns', show: 'ns', command: () => `empty ${SLICE_MS}` },
      { id: 'n1024', title: 'n=1024, ns', show: 'ns', command: () => `loop ${SLICE_MS} 1024` },
      { id: 'outside', title: 'n=2 outside, ns', show: 'ns', command: () => `empty-outside ${SLICE_MS}`, natively: true },
    ],
  },
  {
    id: 'grain',
    title: 'Speed-up of a short loop in two pieces, back to back',
    notes: ['Total work from 1 to 100 us of dependent multiplications, over the serial program.'],
    rounds: 11,
    seconds: 30,
    hotMs: 20,
    columns: MICROSECONDS.map((us) => ({
      id: `us${us}`, title: `${us} us`, show: 'speed',
      command: (peer, steps) => `grain ${SLICE_MS} ${Math.round((steps * us) / 2) * 2}`,
    })),
  },
  {
    id: 'loops',
    title: 'Loops of a millisecond of work: time with the default grain over that with the best by hand',
    notes: [
      'Grains 1, 4, 16, 64, 256, 1024 and 4096, all in turns; medians of 11. The best of seven noisy '
        + 'medians is a little too good, so 1 is the ideal and 1.02 usual.',
      'Triangular: the cost of an index grows with it. Spiky: one index in 128 costs 100 times as '
        + 'much. Each index has its own result.',
      '2-D and 3-D: weft_for_2d and _3d, 50 ns, over the best loop over rows by hand.',
      'One word: every call of the body adds to the same word, 50 ns an index. What the default '
        + 'loses then are moves of its cache line, one for each of some 130 slices.',
    ],
    rounds: 5,
    seconds: 60,
    hotMs: 60,
    columns: [
      ...SHAPES.flatMap((shape) => BODIES.map(([title, ns]) => (
        grains(`${shape.slice(0, 3)} ${title}`, shape, ns)))),
      grains('2-D', 'even-2d', 50),
      grains('tri 2-D', 'triangular-2d', 50),
      grains('3-D', 'even-3d', 50),
      grains('one word', 'word', 50),
    ],
  },
  {
    id: 'lanes',
    title: 'An empty interactive job, from submission to its begin, and to its end as its caller sees it, us',
    notes: [
      'Three threads: the caller, which sleeps, and two that a batch job of ever more tasks of a '
        + 'microsecond keeps busy; or nothing to do but this job.',
    ],
    rounds: 5,
    seconds: 12,
    hotMs: 1,
    columns: [
      { id: 'idle', title: 'end, alone', show: 'us', threads: 3, command: () => `lanes ${URGENT_SAMPLES} 0` },
      { id: 'begin', title: 'begin, beside batch', show: 'us', threads: 3, command: () => `lanes-begin ${URGENT_SAMPLES} 1000` },
      { id: 'busy', title: 'end, beside batch', show: 'us', threads: 3, command: () => `lanes ${URGENT_SAMPLES} 1000` },
    ],
  },
  {
    id: 'fib',
    title: 'fib with a task at every level, ns per spawn, the work of fib included',
    notes: ['fib(34) for weft and serial, 32 in WebAssembly, 27 for oneTBB, 24 for OpenMP.'],
    rounds: 11,
    seconds: 12,
    hotMs: 150,
    columns: [
      { id: 'one', title: '1 thread', show: 'ns', threads: 1, command: (peer) => `fib ${peer.fib}` },
      { id: 'two', title: '2 threads', show: 'ns', command: (peer) => `fib ${peer.fib}` },
    ],
  },
  {
    id: 'uts',
    title: 'Unbalanced tree search on 2 threads, speed-up over serial',
    notes: ['T1 is shallow and geometric, T3 deep and binomial; a task per inner node in all peers, node function of weft\'s kernel.'],
    rounds: 5,
    seconds: 30,
    hotMs: 150,
    columns: [
      { id: 't1', title: 'T1', show: 'speed', command: () => 'uts 1' },
      { id: 't3', title: 'T3', show: 'speed', command: () => 'uts 3' },
    ],
  },
  {
    id: 'sort',
    title: 'Sort of 10 million random values on 2 threads',
    notes: ['weft: its kernels (radix); oneTBB: parallel_sort; libgomp: __gnu_parallel::sort, balanced quicksort; serial: std::sort.'],
    rounds: 5,
    seconds: 30,
    hotMs: 1,
    columns: [sorted('u64'), sorted('f64')],
  },
  {
    id: 'memory',
    title: 'Sum of doubles and saxpy, 128 MB, on 2 threads',
    notes: [
      'Eight running sums for every peer. saxpy counts two reads and a write of 4 bytes.',
      'Each round in new processes: the pages that the kernel happens to give a process make its '
        + 'figures differ by up to a quarter, for as long as it runs.',
    ],
    rounds: 9,
    seconds: 60,
    hotMs: 60,
    anew: true,
    columns: [memory('sum', 8), memory('saxpy', 12)],
  },
  {
    id: 'kernels',
    title: 'Stock kernels on one thread, ms',
    notes: [],
    rounds: 9,
    seconds: 15,
    hotMs: 150,
    columns: KERNELS.map((name) => ({
      id: name, title: name, show: 'ms', threads: 1, command: () => `kernel ${name}`,
    })),
  },
  {
    id: 'wake',
    title: 'After 5 ms without work: rendezvous, and speed-up of one region',
    notes: [
      'Median over the samples of a round. p99 is over all samples. Threads are not pinned: a kernel '
        + 'that wakes the second thread on the caller\'s CPU makes the rendezvous take milliseconds, '
        + 'which no runtime can help; README.md beside this benchmark has more.',
    ],
    rounds: 4,
    seconds: 35,
    hotMs: 1,
    columns: [
      { id: 'rdv', title: 'rdv, us', show: 'us', together: true, command: () => `wake-rdv ${WAKE_SAMPLES}` },
      ...PAUSED_MICROSECONDS.map((us) => ({
        id: `us${us}`, title: us < 1000 ? `${us} us` : `${us / 1000} ms`, show: 'speed',
        command: (peer, steps) => `wake-work ${WAKE_SAMPLES} ${Math.round((steps * us) / 2) * 2}`,
      })),
    ],
  },
  {
    id: 'idle',
    title: 'One second without work, 0.5 s after the last',
    notes: ['CPU time of the whole process (in WebAssembly with all of Node), and how often its threads went to sleep again.'],
    rounds: 3,
    columns: [
      { id: 'cores', title: 'cores burnt', show: 'cores' },
      { id: 'wakeups', title: 'wake-ups/s', show: '/s' },
    ],
  },
];
