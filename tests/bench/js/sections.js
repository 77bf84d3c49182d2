// What is measured: each section is a table; its columns are parts of a peer's answers.

const FLIGHT = 10_000;
const SOAK_JOBS = 1_000_000;
const FAILURES = 30;
const EXHAUSTIONS = 5;

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title
 * @property {'us' | 'ms' | 'per s' | 'speed' | 'plain' | 'text'} show
 * @property {string} command  a line for host.js; asked once for all columns that have it
 * @property {string} [part]  of the answer; default: ns
 */

const payload = (id, title, show, bytes, ms) => ({ id, title, show, command: `payload ${bytes} ${ms}` });

const fault = (task, title) => ({ id: task, title, show: 'text', command: task });

/**
 * `mode`: what runs where. `turns`: one process per peer, which answers lines in turns.
 * `fresh`: a process per peer, column and round. `rest`: a process per peer, watched from outside.
 * `kinds`: weft alone, a row and a process per kind.
 */
export const SECTIONS = [
  {
    id: 'calls',
    title: 'Empty jobs',
    notes: [
      `One at a time: from the call to the line after await. In flight: ${FLIGHT} calls, a promise each, then all of them awaited.`,
      'raw ring: the bare round trip of Atomics.notify and waitAsync, and what a ring by hand can do that knows no arguments, errors or results.',
    ],
    mode: 'turns',
    rounds: 9,
    columns: [
      { id: 'p50', title: 'p50, us', show: 'us', command: 'latency 60', part: 'p50' },
      { id: 'p99', title: 'p99, us', show: 'us', command: 'latency 60', part: 'p99' },
      { id: 'flight', title: `${FLIGHT} in flight, per s`, show: 'per s', command: `flight ${FLIGHT} 120`, part: 'perSecond' },
    ],
  },
  {
    id: 'payload',
    title: 'An array of doubles, doubled by a job',
    notes: [
      'shared: on shared memory, in place. clone: copied there and back. move: transferred there and back. One job at a time; making the array is not on the clock.',
      'weft in C, rt.forEach and both workers by hand use two threads for one job, all others one thread of JavaScript.',
    ],
    mode: 'turns',
    rounds: 7,
    columns: [
      payload('small', '8 KB, us', 'us', 8192, 20),
      payload('middle', '1 MB, us', 'us', 2 ** 20, 40),
      payload('large', '64 MB, ms', 'ms', 2 ** 26, 150),
    ],
  },
  {
    id: 'loop',
    title: 'A parallel loop in plain JavaScript: Mandelbrot, 1024 x 1024, 256 iterations',
    notes: ['weft: rt.forEach over the rows; the others: 64 jobs of 16 rows on a SharedArrayBuffer. Every picture is checked.'],
    mode: 'turns',
    rounds: 7,
    columns: [
      { id: 'time', title: 'ms', show: 'ms', command: 'loop' },
      { id: 'speed', title: 'over one thread', show: 'speed', command: 'loop' },
    ],
  },
  {
    id: 'start',
    title: 'Cold start: import, create, and a job on every worker',
    notes: [
      'In a new process each time; the start of Node itself is not on the clock. A job answers only when all workers are in one.',
      'weft, C: until createRuntime, which waits for all workers, has answered and one call has come back. import: of the library alone.',
    ],
    mode: 'fresh',
    rounds: 7,
    columns: [
      { id: 'import', title: 'import, ms', show: 'ms', command: 'import' },
      { id: 'two', title: '2 workers, ms', show: 'ms', command: 'start 2' },
      { id: 'eight', title: '8 workers, ms', show: 'ms', command: 'start 8' },
    ],
  },
  {
    id: 'faults',
    title: 'What happens when a task fails, and whether the pool works afterwards',
    notes: [
      'Time from the event to the rejection (loop: from the end of its limit of 200 ms), then two more calls that must be right.',
      'Out of memory: under a heap limit of 64 MB, from the call on: filling it is on the clock.',
    ],
    mode: 'fresh',
    rounds: 1,
    width: 31,
    columns: [
      fault('fail', 'throws'), fault('exit', 'process.exit'), fault('loop', 'loops, 200 ms limit'), fault('exhaust', 'out of memory'),
    ],
  },
  {
    id: 'failure',
    title: 'From a failure to the rejection of its call, on weft',
    notes: [
      `Worst: of ${FAILURES} in one process, the first one included (out of memory: ${EXHAUSTIONS}). After each, both workers must work.`,
      'C: from the call on. Tasks: from the throw, the exit, the deepest call, the last allocation (heap limit 64 MB) that was made.',
      'Killed: from worker.terminate(). Deadline: from its end, in a task that heeds none.',
    ],
    mode: 'kinds',
    rounds: 1,
    kinds: [
      { id: 'trap', title: 'trap in C' }, { id: 'throw', title: 'throw in a task' },
      { id: 'overflow-c', title: 'stack overflow in C' }, { id: 'overflow-js', title: 'stack overflow in a task' },
      { id: 'memory', title: 'out of memory in a task', heapMb: 64, samples: EXHAUSTIONS },
      { id: 'exit', title: 'process.exit in a task' }, { id: 'killed', title: 'worker killed' },
      { id: 'deadline', title: 'deadline passed' },
    ].map((kind) => ({ samples: FAILURES, ...kind })),
    columns: [
      { id: 'p50', title: 'p50, ms', show: 'ms', command: 'failures', part: 'p50' },
      { id: 'most', title: 'worst, ms', show: 'ms', command: 'failures', part: 'most' },
    ],
  },
  {
    id: 'rest',
    title: 'At rest, and over a million jobs',
    notes: [
      'Idle: all threads of the process, watched from outside for a second after some jobs. Exits: whether a process that',
      'has made a call and closes nothing ends by itself, and when. Growth: of the resident memory, garbage collected before and after.',
    ],
    mode: 'rest',
    rounds: 1,
    width: 26,
    columns: [
      { id: 'wakeups', title: 'idle wake-ups/s', show: 'plain', command: 'idle', part: 'wakeups' },
      { id: 'cpu', title: 'idle CPU, ms/s', show: 'ms', command: 'idle', part: 'cpuNs' },
      { id: 'exits', title: 'exits by itself', show: 'text', command: 'leave' },
      { id: 'growth', title: `${SOAK_JOBS} jobs, MB grown`, show: 'plain', command: `soak ${SOAK_JOBS} ${FLIGHT}`, part: 'grownMb' },
    ],
  },
];
