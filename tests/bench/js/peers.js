// What is compared, and in which sections.

const POOL = ['calls', 'payload', 'loop', 'start', 'faults'];
const RESTING = [...POOL, 'rest'];

/**
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} title
 * @property {string} file  of peers/
 * @property {string} [open]  what that file exports; default: open
 * @property {string} [imports]  the module that its users import, from here
 * @property {'weft' | 'peer' | 'floor' | 'serial'} kind  picks the colour
 * @property {string[]} sections  of sections.js
 * @property {string[]} [modes]  how arrays travel; the section `payload` has a row for each
 */

/** @type {Peer[]} */
export const PEERS = [
  { id: 'weft-c', title: 'weft, C', file: 'weft', open: 'openC', imports: '../../../js-glue/dist/index.js', kind: 'weft', sections: ['calls', 'payload', 'start', 'rest'], modes: ['shared'] },
  { id: 'weft-sync', title: 'weft, C, callSync', file: 'weft', open: 'openSync', kind: 'weft', sections: ['calls'] },
  { id: 'weft', title: 'weft, JS task', file: 'weft', kind: 'weft', sections: RESTING, modes: ['shared'] },
  { id: 'weft-loop', title: 'weft, rt.forEach', file: 'weft', open: 'openLoop', kind: 'weft', sections: ['payload'], modes: ['shared'] },
  { id: 'piscina', title: 'piscina', file: 'piscina', imports: 'piscina', kind: 'peer', sections: RESTING, modes: ['clone', 'move', 'shared'] },
  { id: 'tinypool', title: 'tinypool', file: 'tinypool', imports: 'tinypool', kind: 'peer', sections: POOL, modes: ['clone', 'move', 'shared'] },
  { id: 'workerpool', title: 'workerpool', file: 'workerpool', imports: 'workerpool', kind: 'peer', sections: POOL, modes: ['clone', 'move', 'shared'] },
  { id: 'poolifier', title: 'poolifier', file: 'poolifier', imports: 'poolifier', kind: 'peer', sections: POOL, modes: ['clone', 'shared'] },
  { id: 'comlink', title: 'comlink', file: 'comlink', imports: 'comlink', kind: 'peer', sections: POOL, modes: ['clone', 'move', 'shared'] },
  { id: 'messages', title: 'raw postMessage', file: 'messages', kind: 'floor', sections: RESTING, modes: ['clone', 'move', 'shared'] },
  { id: 'halves', title: 'both workers by hand', file: 'halves', kind: 'floor', sections: ['payload'], modes: ['shared'] },
  { id: 'ring', title: 'raw ring on shared memory', file: 'ring', kind: 'floor', sections: ['calls'] },
  { id: 'bare', title: 'bare new Worker', file: 'bare', kind: 'floor', sections: ['start'] },
  { id: 'bare-wasm', title: 'bare new Worker + instance', file: 'bare', open: 'openWasm', kind: 'floor', sections: ['start'] },
  { id: 'serial', title: 'one thread', file: 'serial', kind: 'serial', sections: ['payload', 'loop'], modes: ['in place'] },
];
