import { cpSync } from 'node:fs';
import { nodeResolve } from '@rollup/plugin-node-resolve';

const WEFT = 'node_modules/weft';

/** weft looks for its wasm at ../wasm/ from its code. */
const copy = {
  name: 'copy',
  writeBundle() {
    cpSync(`${WEFT}/wasm/weft.wasm`, 'dist/wasm/weft.wasm');
    cpSync('index.html', 'dist/index.html');
  },
};

export default {
  // Its workers run files of their own, which lie beside the others: entries under their own names.
  input: {
    app: 'app.js',
    tasks: 'tasks.js',
    'worker-browser': `${WEFT}/dist/worker-browser.js`,
    'task-worker': `${WEFT}/dist/task-worker.js`,
  },
  preserveEntrySignatures: 'allow-extension',
  output: { dir: 'dist/assets', format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  plugins: [nodeResolve({ browser: true }), copy],
};
