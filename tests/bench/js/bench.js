#!/usr/bin/env node
// The JavaScript benchmark: weft against worker pools and against what is possible by hand. See
// --help. start.js sets up and builds before it calls this.

import { runWithOptions } from '../command_line.js';
import { runSections } from '../sections.js';
import { measureSection } from './measure.js';
import * as commandLine from './options.js';
import { SECTIONS } from './sections.js';
import { summarise } from './summary.js';

const TEXTS = {
  title: 'JavaScript on threads',
  lead: 'weft in Node on two threads against worker pools and against what is possible by hand.',
  kinds: { wasm: 'weft', peer: 'worker pools', floor: 'by hand, and one thread' },
  limits: [
    'One machine, two threads, and its noise. Peers take turns; ratios are paired by round.',
    'Every pool has its defaults but for the number of workers; some have faster or slower settings.',
    'A process is stopped while it is not its turn, so that no pool pays for the spinning of another.',
    'No browser, no memory use, no energy.',
  ],
};

runWithOptions(commandLine, (options) => runSections(options, {
  machine: { title: 'weft JavaScript benchmark, 2 threads', script: 'tests/bench/js/bench.js' },
  sections: SECTIONS,
  measureSection,
  summarise,
  texts: TEXTS,
}));
