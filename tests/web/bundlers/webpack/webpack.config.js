import path from 'node:path';

/** Tasks are loaded by their URL: an ES module of its own, which brings what it imports. */
const tasks = { import: './tasks.js', filename: 'tasks.js', library: { type: 'module' } };

export default {
  mode: 'production',
  entry: { app: './app.js', tasks },
  experiments: { outputModule: true },
  output: { path: path.resolve('dist'), filename: '[name].js' },
  devServer: {
    static: '.', // index.html
    headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
  },
};
