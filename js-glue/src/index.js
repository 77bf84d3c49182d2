export { WeftError } from './errors.js';
export { createRuntime } from './node.js';
/** @typedef {import('./runtime.js').Runtime} Runtime */
/** @typedef {import('./options.js').RuntimeOptions} RuntimeOptions */
/** @template [T=any]  @typedef {import('./job.js').Job<T>} Job */
/** @typedef {import('./runtime.js').RuntimeInfo} RuntimeInfo */
/** @typedef {import('./control.js').CallOptions} CallOptions */
/** @typedef {import('./stats.js').RuntimeStats} RuntimeStats */
/** @typedef {import('./shared.js').Mutex} Mutex */
/** @typedef {import('./shared.js').Semaphore} Semaphore */
/** @typedef {import('./shared.js').Event} Event */
/** @typedef {import('./shared-channel.js').Channel} Channel */
