// The schedulers that are compared, and what each of them can.

const REGIONS = ['rdv', 'empty', 'grain', 'wake', 'idle'];
const LARGE = ['uts', 'sort', 'memory'];
const OWN = ['loops', 'lanes', 'kernels']; // what only weft has

/**
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} title
 * @property {'native' | 'wasi' | 'emscripten'} target  whose build folder holds the program
 * @property {string} program  without the scheduler_ of its file
 * @property {string} [variant]  for its start command
 * @property {'weft' | 'peer' | 'floor' | 'serial'} kind
 * @property {string[]} sections  of sections.js
 * @property {number} fib  the largest Fibonacci number that takes some 30 milliseconds
 */

/** @type {Peer[]} */
export const PEERS = [
  {
    id: 'weft', title: 'weft', target: 'native', program: 'weft',
    kind: 'weft', sections: [...REGIONS, ...LARGE, 'fib', ...OWN], fib: 34,
  },
  {
    id: 'tbb', title: 'oneTBB', target: 'native', program: 'tbb',
    kind: 'peer', sections: [...REGIONS, ...LARGE, 'fib'], fib: 27,
  },
  {
    id: 'libgomp', title: 'libgomp (gcc)', target: 'native', program: 'libgomp',
    kind: 'peer', sections: [...REGIONS, ...LARGE, 'fib'], fib: 24,
  },
  {
    id: 'libomp', title: 'libomp (clang)', target: 'native', program: 'libomp',
    kind: 'peer', sections: [...REGIONS, 'uts', 'memory', 'fib'], fib: 24,
  },
  {
    id: 'pthreadpool', title: 'pthreadpool', target: 'native', program: 'pthreadpool',
    kind: 'peer', sections: REGIONS, fib: 0,
  },
  {
    id: 'spin', title: 'floor: spin for ever', target: 'native', program: 'floor', variant: 'spin',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'hybrid', title: 'floor: spin 50 us, futex', target: 'native', program: 'floor', variant: 'hybrid',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'futex', title: 'floor: futex', target: 'native', program: 'floor', variant: 'futex',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'condvar', title: 'floor: condition variable', target: 'native', program: 'floor_condvar',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'serial', title: 'serial', target: 'native', program: 'serial',
    kind: 'serial', sections: ['grain', 'wake', ...LARGE, 'fib'], fib: 34,
  },
  {
    id: 'wasi', title: 'weft wasi', target: 'wasi', program: 'weft',
    kind: 'weft', sections: [...REGIONS, ...LARGE, 'fib', ...OWN], fib: 32,
  },
  {
    id: 'emscripten', title: 'weft emscripten', target: 'emscripten', program: 'weft',
    kind: 'weft', sections: [...REGIONS, ...LARGE, 'fib', ...OWN], fib: 32,
  },
  {
    id: 'wasm-spin', title: 'wasm floor: spin for ever', target: 'wasi', program: 'floor', variant: 'spin',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'wasm-hybrid', title: 'wasm floor: spin 50 us, wait', target: 'wasi', program: 'floor', variant: 'hybrid',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'wasm-condvar', title: 'Emscripten pthreads, raw', target: 'emscripten', program: 'floor_condvar',
    kind: 'floor', sections: REGIONS, fib: 0,
  },
  {
    id: 'wasm-serial', title: 'wasm serial', target: 'wasi', program: 'serial',
    kind: 'serial', sections: ['grain', 'wake', 'uts', 'memory', 'fib'], fib: 32,
  },
];

/** The serial peer with which a peer's speed-up is computed. @param {Peer} peer */
export const serialOf = (peer) => (peer.target === 'native' ? 'serial' : 'wasm-serial');
