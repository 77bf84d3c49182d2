#!/usr/bin/env node
// The scheduler benchmark: weft against other schedulers and against what is possible at all.
// See --help. start.js sets up and builds before it calls this.

import os from 'node:os';
import { runWithOptions } from '../command_line.js';
import { runSections } from '../sections.js';
import { measureSection } from './measure.js';
import * as commandLine from './options.js';
import { SECTIONS } from './sections.js';
import { summarise } from './summary.js';

runWithOptions(commandLine, (options) => runSections(options, {
  machine: { title: 'weft scheduler benchmark, 2 threads', script: 'tests/bench/scheduler/scheduler.js' },
  warning: os.availableParallelism() < 2 ? 'One CPU only: two threads cannot be compared here.' : undefined,
  sections: SECTIONS,
  measureSection,
  summarise,
}));
