import { createMemoryFiles } from './memory-files.js';
import { openStreams } from './streams.js';
import { runProgramThread } from './full-thread.js';

/**
 * What a worker does with its messages: it runs one thread after the other, on files in memory.
 *
 * @param {Omit<Parameters<typeof runProgramThread>[0], 'files'>} host
 * @returns {(message: import('./thread.js').ProgramMessage) => void}
 */
export function serveProgram(host) {
  /** @type {import('./files.js').Files | undefined} */
  let files;
  return (message) => {
    const { settings } = message;
    files ??= createMemoryFiles(/** @type {WebAssembly.Memory} */ (settings.files),
      openStreams(/** @type {SharedArrayBuffer} */ (settings.streams), (type) => host.post({ type })));
    runProgramThread({ ...host, files }, message);
  };
}
