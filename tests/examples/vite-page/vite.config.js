const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default {
  optimizeDeps: { exclude: ['weft'] }, // it finds its worker and its wasm beside its own file
  worker: { format: 'es' },
  build: { target: 'es2022' }, // top-level await
  server: { headers },
  preview: { headers },
};
