// The command line of the JavaScript benchmark.

import { fold } from '../command_line.js';
import { readSectionOptions } from '../sections.js';
import { PEERS } from './peers.js';
import { SECTIONS } from './sections.js';

const QUICK_ROUNDS = 3;
const SECTION_IDS = SECTIONS.map(({ id }) => id);
const PEER_IDS = PEERS.map(({ id }) => id);
const INDENT = 19;

export const USAGE = `usage: npm run bench:js [-- options]

weft in Node against worker pools and against what is possible by hand, on two threads, in turns.
Every result is checked.

  --only LIST      of ${fold(SECTION_IDS, INDENT)}
  --peers LIST     of ${fold(PEER_IDS, INDENT)}
  --rounds N       of each section; default ${Math.max(...SECTIONS.map(({ rounds }) => rounds))} or less, by section
  --quick          ${QUICK_ROUNDS} rounds, a look and no measurement
  --build DIR      that holds wasi/; default build
  --json FILE      default build/js-bench/js.json
  --html FILE      default build/js-bench/js.html
  --help           this text

Exit code: 0 all results right, 1 a wrong result or a failed peer, 2 bad options.`;

/** @param {string[]} args  the arguments after the script's name */
export const readOptions = (args) => readSectionOptions(args, {
  sections: SECTION_IDS, peers: PEER_IDS, quickRounds: QUICK_ROUNDS, folder: 'js-bench', name: 'js',
});
