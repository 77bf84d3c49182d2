#!/usr/bin/env node
// The scheduler benchmark: weft against other schedulers and against what is possible at all.
// See --help. start.js sets up and builds before it calls this.

import os from 'node:os';
import { runMain } from '../command_line.js';
import { runSections } from '../sections.js';
import { measureSection } from './measure.js';
import { USAGE, readOptions } from './options.js';
import { SECTIONS } from './sections.js';
import { summarise } from './summary.js';

runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  await runSections(options, {
    machine: { title: 'weft scheduler benchmark, 2 threads', script: 'tests/bench/scheduler/scheduler.js' },
    warning: os.availableParallelism() < 2 ? 'One CPU only: two threads cannot be compared here.' : undefined,
    sections: SECTIONS,
    measureSection,
    summarise,
  });
});
