// npm run bench:cluster: sets up, builds the stock kernels, then measures.

import { build } from '../../setup/build.js';
import { REDIS } from '../../setup/needs.js';
import { startBenchmark } from '../start.js';
import * as commandLine from './options.js';

startBenchmark('cluster/bench.js', {
  commandLine,
  needs: { targets: ['wasi'], explicit: true, npm: true, extras: [REDIS] },
  make: () => build('wasi'),
});
