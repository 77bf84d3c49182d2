// A worker of plain BullMQ: one that does next to nothing shows what the queue itself costs, one
// that calls the kernel (4th argument) what somebody would write without weft/cluster.

import { Worker } from 'bullmq';
import { createRuntime } from '../../../js-glue/src/index.js';

const [url, queue, concurrency, kernel] = process.argv.slice(2);
const rt = kernel && await createRuntime({ threads: 1, memoryBytes: 256 * 1024 * 1024 });
const compute = rt ? async ({ data }) => ({ result: String(await rt.call(kernel, data.value)) })
  : async ({ data }) => ({ result: data.value });
const worker = new Worker(queue, compute, {
  connection: { url, maxRetriesPerRequest: null }, prefix: 'weft', concurrency: Number(concurrency),
});
worker.on('error', (error) => console.error(error.message));
await worker.waitUntilReady();
console.log('listens');
