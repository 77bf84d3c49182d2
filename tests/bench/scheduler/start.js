// npm run bench:scheduler: sets up and builds the peers, then measures.

import { build } from '../../setup/build.js';
import { SCHEDULER_PEERS } from '../../setup/needs.js';
import { startBenchmark } from '../start.js';
import * as commandLine from './options.js';

startBenchmark('scheduler/scheduler.js', {
  commandLine,
  needs: { targets: ['native', 'wasi', 'emscripten'], extras: SCHEDULER_PEERS },
  async make(targets) {
    for (const preset of targets) if (!(await build(preset, ['bench_scheduler']))) return false;
    return true;
  },
});
