// The same as cluster.map by hand, on plain BullMQ: jobs in a bounded number, results by events.

import { Queue, QueueEvents } from 'bullmq';

/** @param {string} url  @param {string} name */
export async function openBare(url, name) {
  const options = { connection: { url, maxRetriesPerRequest: null }, prefix: 'weft' };
  const queue = new Queue(name, options);
  const events = new QueueEvents(name, { ...options, lastEventId: '0-0' }); // by default those before its first read are lost
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  const waiting = new Map();
  events.on('completed', ({ jobId, returnvalue }) => {
    waiting.get(jobId)?.(returnvalue);
    waiting.delete(jobId);
  });
  let runs = 0;
  return {
    /** @param {number} count  @param {number} inFlight  @returns {Promise<number[]>} */
    map(count, inFlight) {
      const run = runs++;
      const results = new Array(count);
      let next = 0;
      const lane = async () => {
        while (next < count) {
          const index = next++;
          const jobId = `${run}-${index}`;
          const done = new Promise((resolve) => waiting.set(jobId, resolve));
          await queue.add('chunk', { run, index, value: 1 }, { jobId, attempts: 3, removeOnComplete: true });
          results[index] = (await done).result;
        }
      };
      return Promise.all(Array.from({ length: inFlight }, lane)).then(() => results);
    },
    close: () => Promise.all([queue.close(), events.close()]),
  };
}
