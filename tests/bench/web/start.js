// npm run bench:web: sets up, builds the package and the demo, then measures.

import { buildDemo } from '../../../web-demo/build.js';
import { build, bundle } from '../../setup/build.js';
import { B3SUM, BROWSERS } from '../../setup/needs.js';
import { startBenchmark } from '../start.js';
import * as commandLine from './options.js';

startBenchmark('web/bench.js', {
  commandLine,
  needs: { targets: ['wasi'], explicit: true, npm: true, extras: [B3SUM, ...BROWSERS] },
  make: async () => (await build('wasi')) && (await bundle()) && Boolean(await buildDemo()),
});
