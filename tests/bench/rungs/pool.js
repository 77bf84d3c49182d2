// A pool that hands pieces of work to whoever is free: processes or workers.

import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { buffersOf } from '../work/messages.js';

const PROCESS = new URL('./piece_process.js', import.meta.url);
const WORKER = new URL('./piece_worker.js', import.meta.url);

/** Two messages in flight per member: the next piece lies there when one is done. */
const IN_FLIGHT = 2;

/** A forked process with advanced serialisation, as { post, listen, close }. */
export function openProcess() {
  const child = fork(PROCESS, { serialization: 'advanced' });
  return {
    post: (message) => child.send(message),
    listen: (onMessage, onError) => {
      child.on('message', onMessage);
      child.on('error', onError);
      child.on('exit', (code, signal) => onError(
        new Error(`a forked process ended early (${signal ?? `code ${code}`})`)));
    },
    close() {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => { child.once('exit', resolve); });
      child.kill();
      return ended;
    },
  };
}

/** A worker thread in the same shape; `transfer`: move buffers instead of copying. */
export function openWorker({ transfer = false } = {}) {
  const worker = new Worker(WORKER, { workerData: { transfer } });
  return {
    post: (message) => worker.postMessage(message, transfer ? buffersOf(message.piece) : []),
    listen: (onMessage, onError) => {
      worker.on('message', onMessage);
      worker.on('error', onError);
    },
    close: () => worker.terminate(),
  };
}

/** Starts `count` members with `open` and gives them pieces through `run`. */
export function openPool(count, open) {
  const members = Array.from({ length: count }, open);
  let batch = null;

  function feed(member) {
    if (batch.next >= batch.pieces.length) return;
    const id = batch.next++;
    member.post({ id, workload: batch.workload, piece: batch.pieces[id] });
  }
  for (const member of members) {
    member.listen(({ id, answer, error }) => {
      if (error) return batch?.reject(new Error(error));
      batch.answers[id] = answer;
      if (++batch.done === batch.pieces.length) batch.resolve(batch.answers);
      else feed(member);
    }, (error) => batch?.reject(error));
  }
  return {
    run(workload, pieces) {
      return new Promise((resolve, reject) => {
        batch = { workload, pieces, next: 0, done: 0, answers: [], resolve, reject };
        for (let i = 0; i < IN_FLIGHT; i++) members.forEach(feed);
      });
    },
    close: () => Promise.all(members.map((member) => member.close())),
  };
}
