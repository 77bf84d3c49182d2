import { createImports } from '../imports.js';
import { createSystem } from './system.js';
import { Table } from './table.js';
import { runThread } from './thread.js';

/**
 * Runs a thread of a program that may use all that there is: files, and weft itself.
 *
 * @param {object} host
 * @param {(report: any) => void} host.post  a ProgramReport, and what guard.js posts
 * @param {() => number} host.now
 * @param {(fd: 1 | 2, bytes: Uint8Array) => void} host.write
 * @param {import('./files.js').Files} host.files
 * @param {import('./thread.js').ProgramMessage} message
 */
export function runProgramThread({ post, now, write, files }, message) {
  const { module, memory, settings: { cpus, args, env, preopens = [], table: buffer } } = message;
  const table = new Table(buffer);
  runThread(post, message, ({ spawn, exit, resume, instance }) => {
    const imports = createImports({
      module, memory: memory ?? new WebAssembly.Memory({ initial: 0 }), cpus, args, env, now, write, post, spawn, resume,
    }, instance);
    imports.wasi_snapshot_preview1 = /** @type {WebAssembly.ModuleImports} */ (createSystem({
      memory: () => memory ?? /** @type {WebAssembly.Memory} */ (instance().exports.memory),
      table, files, now, args, env, preopens, exit,
    }));
    return imports;
  });
}
