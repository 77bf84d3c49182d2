export { inout, out, slices } from './arguments.js';
export { connect } from './connect.js';
export { startWorker } from './worker.js';
/** @typedef {import('./cluster.js').Cluster} Cluster */
/** @typedef {import('./cluster.js').MapOptions} MapOptions */
/** @typedef {import('./cluster.js').ClusterProgress} ClusterProgress */
/** @typedef {import('./connect.js').ConnectOptions} ConnectOptions */
/** @typedef {import('./worker.js').WorkerOptions} WorkerOptions */
/** @typedef {import('./worker.js').ClusterWorker} ClusterWorker */
