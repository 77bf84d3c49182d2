// The command line of the scheduler benchmark.

import { fold } from '../command_line.js';
import { readSectionOptions } from '../sections.js';
import { PEERS } from './peers.js';
import { SECTIONS } from './sections.js';

const QUICK_ROUNDS = 2;
const SECTION_IDS = SECTIONS.map((section) => section.id);
const PEER_IDS = PEERS.map((peer) => peer.id);
const INDENT = 19;

export const USAGE = `usage: npm run bench:scheduler [-- options]

weft's scheduler against oneTBB, libgomp, libomp, pthreadpool and hand-written floors, natively
and as WebAssembly, on two threads, in turns. Every result is checked.

  --only LIST      of ${fold(SECTION_IDS, INDENT)}
  --peers LIST     of ${fold(PEER_IDS, INDENT)};
                   serial programs come along where a speed-up needs them
  --rounds N       of each section; default ${Math.min(...SECTIONS.map((s) => s.rounds))} to ${Math.max(...SECTIONS.map((s) => s.rounds))}, by section
  --quick          ${QUICK_ROUNDS} rounds, a look and no measurement
  --build DIR      that holds native/, wasi/ and emscripten/; default build
  --json FILE      default build/scheduler/scheduler.json
  --html FILE      default build/scheduler/scheduler.html
  --help           this text

Exit code: 0 all results right, 1 a wrong result or a failed peer, 2 bad options.`;

/** @param {string[]} args  the arguments after the script's name */
export const readOptions = (args) => readSectionOptions(args, {
  sections: SECTION_IDS, peers: PEER_IDS, quickRounds: QUICK_ROUNDS, folder: 'scheduler', name: 'scheduler',
});
