/**
 * What a runtime offers at once beside calls of C functions. It is loaded while the workers start;
 * Node, which can load a file in the middle of a call, waits for the first use (bundle.js). So
 * nothing here may be touched by a plain call.
 */
export { Arrays } from './arrays.js';
export { Codec } from './codec.js';
export { Control } from './control.js';
export { readOutcome } from './failed.js';
export { Job } from './job.js';
export { Lanes } from './lanes.js';
export { unknownExport } from './nearest.js';
export { Rest } from './rest.js';
export { SharedObjects } from './shared-host.js';
export { readStats } from './stats.js';
export { runSync } from './sync.js';
export { Watch } from './watch.js';
