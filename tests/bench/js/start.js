// npm run bench:js: sets up, builds the module and the package's files, then measures.

import { build, bundle } from '../../setup/build.js';
import { startBenchmark } from '../start.js';
import * as commandLine from './options.js';

startBenchmark('js/bench.js', {
  commandLine,
  needs: { targets: ['wasi'], explicit: true, npm: true },
  make: async () => (await build('wasi', ['bench_js', 'bench_faults'])) && bundle(),
});
