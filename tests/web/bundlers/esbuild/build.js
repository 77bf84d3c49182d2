import { cpSync } from 'node:fs';
import { build } from 'esbuild';

const WEFT = 'node_modules/weft';

await build({
  // weft's workers run files of their own, which lie beside the others.
  entryPoints: ['app.js', 'tasks.js', `${WEFT}/dist/worker-browser.js`, `${WEFT}/dist/task-worker.js`],
  entryNames: '[name]',
  outdir: 'dist/assets',
  bundle: true,
  splitting: true,
  format: 'esm',
  minify: true,
  target: 'es2022',
});
cpSync(`${WEFT}/wasm/weft.wasm`, 'dist/wasm/weft.wasm'); // at ../wasm/ from its code
cpSync('index.html', 'dist/index.html');
