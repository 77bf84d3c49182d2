export { WeftError } from './errors.js';
export { createRuntime } from './node.js';
/** @typedef {import('./runtime.js').Runtime} Runtime */
/** @typedef {import('./options.js').RuntimeOptions} RuntimeOptions */
/** @template [T=any]  @typedef {import('./job.js').Job<T>} Job */
/** @typedef {import('./runtime.js').RuntimeInfo} RuntimeInfo */
