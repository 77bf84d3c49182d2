// The workload `start`: from nothing to the first result, in a fresh process each time.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GLUE, findModule } from '../paths.js';

const PROBE = fileURLToPath(new URL('./start_probe.js', import.meta.url));
const run = promisify(execFile);

function openStart(kind, threads, flavour) {
  const module = flavour ? findModule(flavour) : null;
  if (flavour && !module) return { skip: `the ${flavour} target is not built`, missing: true };
  const values = [PROBE, kind, String(threads), ...(module ? [module.href, GLUE.href] : [])];
  return {
    threads,
    cold: true,
    timesItself: true,
    run: async () => JSON.parse((await run(process.execPath, values)).stdout),
    close() {},
  };
}

export const startRungs = [
  { id: 'fork', title: 'fork, first answers', open: (w, i, o) => openStart('fork', o.threads) },
  { id: 'bare', title: 'bare new Workers', open: (w, i, o) => openStart('workers', o.threads) },
  { id: 'wasi', title: 'weft wasi', open: (w, i, o) => openStart('weft', o.threads, 'wasi') },
  {
    id: 'emscripten',
    title: 'weft emscripten',
    open: (w, i, o) => openStart('weft', o.threads, 'emscripten'),
  },
];
