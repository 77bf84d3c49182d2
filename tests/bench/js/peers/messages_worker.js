import { parentPort } from 'node:worker_threads';
import * as tasks from '../tasks.js';

parentPort.on('message', ({ id, name, args }) => {
  try {
    const moved = name === 'moved';
    const result = moved ? tasks.doubled(...args) : tasks[name](...args);
    parentPort.postMessage({ id, result }, moved ? [result.buffer] : []);
  } catch (error) {
    parentPort.postMessage({ id, error });
  }
});
