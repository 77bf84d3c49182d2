import { parentPort } from 'node:worker_threads';
import { expose, transfer } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import * as tasks from '../tasks.js';

expose({
  ...tasks,
  moved: (values) => transfer(tasks.doubled(values), [values.buffer]),
}, nodeEndpoint(parentPort));
