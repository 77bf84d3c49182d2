import { createMemory, moduleError } from './module.js';

/**
 * Loads a module of the `emscripten` flavour: its threads are Emscripten's.
 *
 * @param {import('./host.js').Host} host
 * @param {import('./options.js').Settings} settings
 * @param {import('./module.js').ModuleFacts} facts
 * @param {import('./options.js').EmscriptenFactory} factory
 * @param {import('./crew.js').Crew} crew
 * @returns {Promise<import('./engine-wasi.js').Engine>}
 * @throws {import('./errors.js').WeftError} `WEFT_ERR_MODULE`, `WEFT_ERR_NOMEM`
 */
export async function openEmscripten(host, settings, facts, factory, crew) {
  const memory = createMemory(settings.memoryBytes, facts.memory);
  let module;
  try {
    // The bytes are handed over because Emscripten's own way to fetch them fails in some
    // versions under Node.
    module = await factory({
      wasmBinary: facts.bytes,
      wasmMemory: memory,
      INITIAL_MEMORY: memory.buffer.byteLength,
    });
  } catch (error) {
    const reason = /** @type {Error} */ (error)?.message ?? String(error);
    throw moduleError(`Emscripten could not start the module: ${reason}`, error);
  }
  const find = (/** @type {string} */ name) => module[`_${name}`];
  if (typeof find('weft_js_layout') !== 'function' || !module.weftWorkers) {
    throw moduleError('the Emscripten module lacks weft\'s JavaScript library: link it with --js-library weft_emscripten_library.js');
  }
  const known = new Set();
  return {
    flavour: 'emscripten',
    memory,
    find,
    started() {
      for (const worker of module.weftWorkers()) {
        if (known.has(worker)) continue;
        known.add(worker);
        crew.add(host.adoptWorker(worker));
      }
    },
  };
}
