import { promises } from 'node:fs';
import { load } from './node.js';
import { notLoaded, toPath } from './node-rare.js';

/** @param {URL | string} source  @returns {Promise<import('./hash-source.js').Reader>} */
export async function openFile(source) {
  const handle = await promises.open(toPath(source));
  const stat = await handle.stat();
  /** @type {Promise<unknown>} */
  let reading = Promise.resolve();
  return {
    total: stat.isFile() && stat.size > 0 ? stat.size : undefined, // files of /proc say 0
    async fill(buffer) {
      let filled = 0;
      while (filled < buffer.length) {
        const read = handle.read(buffer, filled, buffer.length - filled, null);
        reading = read;
        const { bytesRead } = await read;
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    async close() {
      await reading.catch(() => {});
      await handle.close().catch(() => {});
    },
  };
}

/** @param {URL | string} source */
export async function loadScript(source) {
  const path = toPath(source);
  let factory;
  try {
    factory = load(path);
  } catch (error) {
    throw notLoaded(
      `${path} cannot be loaded: ${/** @type {Error} */ (error).message} (Node takes Emscripten's output as CommonJS: link with -sMODULARIZE, and keep it in a folder whose package.json says "type": "commonjs")`,
      error);
  }
  if (typeof factory !== 'function') throw notLoaded(`${path} exports no function: link it with -sMODULARIZE`);
  return { factory, wasm: path.replace(/\.[cm]?js$/, '.wasm') };
}
