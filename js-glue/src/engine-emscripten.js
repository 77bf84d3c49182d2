import { WeftError } from './errors.js';
import { createMemory } from './module.js';
import { moduleError } from './module-rare.js';

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
  if (settings.idleMs > 0 && settings.threads > 0) {
    throw new WeftError('WEFT_ERR_UNSUPPORTED',
      'idleTimeoutMs: the threads of Emscripten cannot be ended and started again, those of the wasi flavour can');
  }
  const memory = createMemory(settings.memoryBytes, facts.memory);
  /** @type {any} */
  let module;
  let ours = false;
  // Older Emscriptens wrap what the module exports.
  const find = (/** @type {string} */ name) => module.asm?.[name] ?? module[`_${name}`];
  try {
    // The bytes are handed over because Emscripten's own way to fetch them fails in some
    // versions under Node.
    module = await factory({
      wasmBinary: facts.bytes,
      wasmMemory: memory,
      INITIAL_MEMORY: memory.buffer.byteLength,
    });
    ours = typeof find('weft_js_layout') === 'function' && typeof module.weftWorkers === 'function';
  } catch (error) {
    const reason = /** @type {Error} */ (error)?.message ?? String(error);
    throw moduleError(`Emscripten could not start the module: ${reason}`, error);
  }
  if (!ours) {
    throw moduleError('the Emscripten module lacks weft\'s JavaScript library: link it with --js-library weft_emscripten_library.js');
  }
  if (settings.Solo) {
    const solo = new settings.Solo({ host, find, guard: module.weftGuard(), crew });
    module.weftPost = (/** @type {any} */ message) => solo.hear(message);
    return { flavour: 'emscripten', memory, find: solo.find, started: () => {}, solo };
  }
  const known = new Set();
  /** @param {any} worker */
  const adopt = (worker) => {
    if (known.has(worker)) return;
    known.add(worker);
    crew.add(host.adoptWorker(worker));
  };
  // Workers that stand in for others are created later.
  const { PThread } = module;
  const load = PThread.loadWasmModuleToWorker;
  PThread.loadWasmModuleToWorker = (/** @type {any} */ worker, /** @type {any[]} */ ...rest) => {
    const loaded = load.call(PThread, worker, ...rest);
    adopt(worker);
    return loaded;
  };
  return {
    flavour: 'emscripten',
    memory,
    find,
    started() {
      for (const worker of module.weftWorkers()) adopt(worker);
    },
  };
}
