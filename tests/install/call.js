// Calls the module that functions.c makes: node call.js <folder>

import { existsSync } from 'node:fs';
import path from 'node:path';
import { createRuntime } from '../../js-glue/src/index.js';

const files = ['functions.js', 'functions.wasm'].map((name) => path.join(process.argv[2], name));
const rt = await createRuntime({ module: files.find((file) => existsSync(file)), threads: 2, memoryBytes: 2 ** 26 });
const xs = rt.array(Float64Array, 100);
xs.forEach((_, index) => {
  xs[index] = index / 2;
});
await rt.call('double_all', xs, xs.length);
console.log(`sum ${xs.reduce((sum, x) => sum + x)}`);
await rt.close();
