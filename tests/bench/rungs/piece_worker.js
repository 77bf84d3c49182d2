// The other side of a worker thread: does one piece per message.

import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf, doPiece } from '../work/messages.js';

const { transfer } = workerData;

parentPort.on('message', ({ id, workload, piece }) => {
  const answer = doPiece[workload](piece, transfer);
  parentPort.postMessage({ id, answer }, transfer ? buffersOf(answer) : []);
});
