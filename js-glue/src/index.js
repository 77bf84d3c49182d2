export { WeftError } from './errors.js';
export { createRuntime } from './node.js';
export { Runtime } from './runtime.js';
/** @typedef {import('./options.js').RuntimeOptions} RuntimeOptions */
/** @typedef {import('./runtime.js').RuntimeInfo} RuntimeInfo */
