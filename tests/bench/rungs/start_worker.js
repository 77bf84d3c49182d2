// The smallest worker that answers.

import { parentPort, workerData } from 'node:worker_threads';

parentPort.postMessage(workerData);
