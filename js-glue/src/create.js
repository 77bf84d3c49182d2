import { Crew } from './crew.js';
import { noWorker, openAlone, readSource, refuseStart, refuseVersion, tooLate } from './create-rare.js';
import { openWasi } from './engine-wasi.js';
import { WeftError } from './errors.js';
import { ABI_VERSION, MAGIC_VALUE, Word } from './layout.js';
import { inspectModule } from './module.js';
import { readOptions } from './options.js';
import { Runtime } from './runtime.js';
import { unreadable } from './show.js';
import { STATUS } from './status.js';

/** @typedef {import('./options.js').RuntimeOptions} RuntimeOptions */

/**
 * Loads a module and starts its workers.
 *
 * @param {import('./host.js').Host} host
 * @param {RuntimeOptions} options
 * @param {import('./options.js').Settings} [settings]  read from them
 * @returns {Promise<Runtime>}  once every worker has answered; none is left if one did not
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_MODULE`, `WEFT_ERR_NOMEM`,
 *   `WEFT_ERR_WORKER`, `WEFT_ERR_TIMEOUT`
 */
export async function openRuntime(host, options, settings = readOptions(host, options)) {
  if (settings.threads === 0 || typeof SharedArrayBuffer === 'undefined') return openAlone(open, new Crew(), host, options, settings);
  const crew = new Crew();
  try {
    return await open(host, options, settings, crew);
  } catch (error) {
    if (crew.refused === undefined || settings.strict) throw error;
    return openAlone(open, new Crew(), host, options, settings, crew.refused);
  }
}

/**
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @param {import('./options.js').Settings} settings  @param {Crew} crew
 */
async function open(host, options, settings, crew) {
  /** @type {(error: WeftError) => void} */
  let reject = () => {};
  const failed = new Promise((_, fail) => {
    reject = fail;
  });
  failed.catch(() => {}); // it may fail while nobody waits for it yet
  crew.onFailure = (error) => reject(error);
  const timer = setTimeout(() => { // also keeps the process alive while workers start
    reject(tooLate(crew, settings));
  }, settings.startTimeoutMs);
  try {
    return await Promise.race([start(host, options, settings, crew), failed]);
  } catch (error) {
    await crew.dismiss();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @param {import('./options.js').Settings} settings  @param {Crew} crew
 */
async function start(host, options, settings, crew) {
  const { bytes, label, factory } = await readModule(host, options).catch((error) => {
    throw unreadable(error, 'createRuntime: the module');
  });
  const facts = inspectModule(bytes, label);
  const engine = factory
    ? await (await import('./engine-emscripten.js')).openEmscripten(host, settings, facts, factory, crew)
    : await openWasi(host, settings, facts, crew);
  try {
    startWorkers(engine, label, facts, settings);
  } catch (error) {
    if (error instanceof WeftError) throw error;
    throw noWorker(crew, error); // Emscripten's, from within C
  }
  // While the workers start:
  const later = { extras: await import('./extras.js') };
  const runtime = new Runtime(host, engine, crew, facts.callables, settings, later);
  await crew.until(() => crew.ready >= settings.threads);
  crew.onReady();
  return runtime;
}

/**
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @returns {Promise<import('./create-rare.js').Source>}
 */
async function readModule(host, options) {
  const { module } = options;
  if ((typeof module !== 'string' && !(module instanceof URL)) || /\.[cm]?js$/.test(String(module))) return readSource(host, options);
  return { bytes: await host.readBytes(module), label: String(module) };
}

/**
 * Starts the workers of a loaded module.
 *
 * @param {import('./engine-wasi.js').Engine} engine
 * @param {string} label  of the module
 * @param {import('./module.js').ModuleFacts} facts
 * @param {import('./options.js').Settings} settings
 * @throws {WeftError} `WEFT_ERR_MODULE`, `WEFT_ERR_NOMEM`, `WEFT_ERR_WORKER`
 */
function startWorkers({ memory, find, started }, label, facts, settings) {
  const words = new Int32Array(memory.buffer, find('weft_js_layout')() >>> 0, 18);
  if (words[Word.MAGIC] !== MAGIC_VALUE || words[Word.VERSION] !== ABI_VERSION) refuseVersion(words, label);
  const names = new TextEncoder().encode(facts.names);
  const address = find('weft_js_alloc')(names.length, 8) >>> 0;
  let status = address === 0 ? STATUS.WEFT_ERR_NOMEM : STATUS.WEFT_OK;
  if (status === STATUS.WEFT_OK) {
    new Uint8Array(memory.buffer).set(names, address);
    words[Word.NAMES] = address;
    words[Word.NAMES_BYTES] = names.length;
    status = find('weft_js_start')(settings.threads, settings.stackBytes, settings.spinNs);
  }
  started();
  if (status !== STATUS.WEFT_OK) refuseStart(status, settings, memory);
}
