import { createImports } from '../imports.js';
import { createSystem } from './system.js';

/**
 * What is wrong with a program, or what it wants that nobody here has.
 *
 * @param {string} file  its name in the message
 * @param {import('../signature.js').Signatures} facts
 * @param {WebAssembly.Module} module
 * @returns {string | undefined}
 */
export function whatIsWrong(file, { memory, functions }, module) {
  const nothing = /** @type {any} */ (() => {});
  const all = /** @type {Record<string, any>} */ (createImports(
    { module, memory: /** @type {any} */ ({ buffer: new ArrayBuffer(0) }), cpus: 1, now: nothing, write: nothing, spawn: nothing }, nothing));
  all.wasi_snapshot_preview1 = createSystem({ memory: nothing, table: nothing, files: nothing, now: nothing, args: [], env: {}, preopens: [], exit: nothing });
  const missing = WebAssembly.Module.imports(module).filter(({ module: from, name }) => !Object.hasOwn(all[from] ?? {}, name));
  if (missing.length > 0) {
    return `${file} imports what weft does not have: ${missing.map(({ module: from, name }) => `${from}.${name}`).join(', ')}`;
  }
  if (memory?.imported && !memory.shared) return `${file} imports a memory that is not shared: link it with --shared-memory`;
  if (!functions.has('_start')) {
    return `${file} has no main: it exports no _start (a module for JavaScript is loaded with createRuntime)`;
  }
  return undefined;
}
