const { parentPort } = require('node:worker_threads');

parentPort.on('message', ({ module, memory }) => {
  const imports = { env: { memory } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === 'function') (imports[from] ??= {})[name] = () => 0;
  }
  new WebAssembly.Instance(module, imports);
  parentPort.postMessage('made');
});
parentPort.postMessage('here');
