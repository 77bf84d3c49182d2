import { runProgramThread } from '../src/program/full-thread.js';
import { nodeFiles } from '../src/program/node-files.js';

/** @param {Omit<Parameters<typeof runProgramThread>[0], 'files'>} host  @param {import('../src/program/thread.js').ProgramMessage} message */
export function runFull(host, message) {
  runProgramThread({ ...host, files: nodeFiles }, message);
}
