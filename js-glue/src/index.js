export { WeftError } from './errors.js';
export { createRuntime } from './node.js';
/** @typedef {import('./runtime.js').Runtime} Runtime */
/** @typedef {import('./options.js').RuntimeOptions} RuntimeOptions */
/** @typedef {import('./runtime.js').RuntimeInfo} RuntimeInfo */
