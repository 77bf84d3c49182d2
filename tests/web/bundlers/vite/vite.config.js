const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default {
  optimizeDeps: { exclude: ['weft'] }, // it finds its worker and its wasm beside its own file
  worker: { format: 'es' },
  build: {
    target: 'es2022', // top-level await
    rolldownOptions: {
      // Tasks are loaded by their URL: an entry under its own name, which keeps its exports.
      input: { index: 'index.html', tasks: 'tasks.js' },
      preserveEntrySignatures: 'exports-only',
      output: { entryFileNames: '[name].js' },
    },
  },
  server: { headers },
  preview: { headers },
};
