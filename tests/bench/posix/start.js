// npm run bench:posix: sets up, builds for every target, then measures.

import { build, bundle } from '../../setup/build.js';
import { installPinned } from '../../setup/pinned.js';
import { startBenchmark } from '../start.js';
import * as commandLine from './options.js';

startBenchmark('posix/posix.js', {
  commandLine,
  needs: { targets: ['native', 'wasi', 'emscripten'], explicit: true, npm: true },
  async make(targets) {
    await installPinned('ports', ['--ignore-scripts']);
    for (const preset of targets) if (!(await build(preset, ['posix_bench', 'posix_hello', 'port_zstd']))) return false;
    return bundle();
  },
});
