import { Crew } from './crew.js';
import { openWasi } from './engine-wasi.js';
import { STATUS, WeftError, codeOf, unreadable } from './errors.js';
import { ABI_VERSION, MAGIC_VALUE, Word } from './layout.js';
import { inspectModule, moduleError } from './module.js';
import { readOptions } from './options.js';
import { Runtime } from './runtime.js';

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
  if (settings.threads === 0 || typeof SharedArrayBuffer === 'undefined') return openAlone(host, options, settings);
  const crew = makeCrew();
  try {
    return await open(host, options, settings, crew);
  } catch (error) {
    if (crew.refused === undefined || settings.strict) throw error;
    return openAlone(host, options, settings, crew.refused);
  }
}

const makeCrew = () => new Crew({ onSignal: () => {}, onFailure: () => {} });

/**
 * A runtime without workers.
 *
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @param {import('./options.js').Settings} settings
 * @param {unknown} [refusal]  of the host
 */
async function openAlone(host, options, settings, refusal) {
  const { Solo, whyAlone } = await import('./solo.js'); // few need it
  const reason = whyAlone(settings.threads, refusal, await host.whyUnshared?.());
  if (settings.strict && settings.threads > 0) throw new WeftError('WEFT_ERR_WORKER', reason);
  return open(host, options, { ...settings, threads: 0, waitAsync: false, reason, Solo }, makeCrew());
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
  const limit = settings.startTimeoutMs;
  const timer = setTimeout(() => { // also keeps the process alive while workers start
    reject(new WeftError('WEFT_ERR_TIMEOUT',
      `${crew.ready} of ${settings.threads} workers have answered within ${limit} ms; startTimeoutMs can be raised`));
  }, limit);
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
  const { bytes, label, factory } = await readSource(host, options).catch((error) => {
    throw unreadable(error, 'createRuntime: the module');
  });
  const facts = inspectModule(bytes, label);
  const engine = factory
    ? await (await import('./engine-emscripten.js')).openEmscripten(host, settings, facts, factory, crew)
    : await openWasi(host, settings, facts, crew);
  checkVersion(engine, label);
  try {
    startWorkers(engine, facts, settings);
  } catch (error) {
    if (error instanceof WeftError) throw error;
    crew.refused = error; // Emscripten's, from within C
    throw new WeftError('WEFT_ERR_WORKER',
      `a worker cannot be created: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
  const extras = await import('./extras.js'); // while the workers start
  await crew.until(() => crew.ready >= settings.threads);
  return new Runtime(host, engine, crew, facts.callables, settings, extras);
}

/**
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @returns {Promise<{ bytes: Uint8Array, label: string, factory?: import('./options.js').EmscriptenFactory }>}
 */
async function readSource(host, { module, wasm }) {
  if (module === undefined) return { bytes: await readStock(host), label: 'the stock module' };
  if (typeof module === 'function') {
    if (wasm === undefined) {
      throw new WeftError('WEFT_ERR_INVALID',
        'module is a function: name the .wasm file beside it as well, in the option wasm');
    }
    return { ...(await readBytes(host, wasm, 'wasm')), factory: module };
  }
  if ((typeof module === 'string' || module instanceof URL) && /\.[cm]?js$/.test(String(module))) {
    const script = await host.loadScript(module);
    return { ...(await readBytes(host, wasm ?? script.wasm, 'wasm')), factory: script.factory };
  }
  return readBytes(host, module, 'module');
}

/** @param {import('./host.js').Host} host */
async function readStock(host) {
  try {
    return await host.readBytes(host.stockModule);
  } catch (error) {
    throw moduleError(
      `the stock module is not there: ${/** @type {Error} */ (error).message}. It is part of the npm package; in weft's source tree \`npm run build\` makes it. Or name a module of your own in the option module`,
      error);
  }
}

/**
 * @param {import('./host.js').Host} host  @param {unknown} source  @param {string} option
 * @returns {Promise<{ bytes: Uint8Array, label: string }>}
 */
async function readBytes(host, source, option) {
  if (typeof source === 'string' || source instanceof URL) {
    return { bytes: await host.readBytes(source), label: String(source) };
  }
  const label = `the option ${option}`;
  if (ArrayBuffer.isView(source)) {
    return { bytes: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), label };
  }
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), label };
  throw new WeftError('WEFT_ERR_INVALID',
    `${option} must be a URL, a path, or the bytes of a .wasm file; got ${source === null ? 'null' : typeof source}`);
}

/** @param {import('./engine-wasi.js').Engine} engine  @param {string} label */
function checkVersion({ memory, find }, label) {
  const words = new Int32Array(memory.buffer, find('weft_js_layout')() >>> 0, 18);
  if (words[Word.MAGIC] !== MAGIC_VALUE) throw moduleError(`${label} is not built with weft`);
  if (words[Word.VERSION] !== ABI_VERSION) {
    throw moduleError(
      `${label} speaks version ${words[Word.VERSION]} of weft's interface, this package version ${ABI_VERSION}: build it with the weft of the same release`);
  }
}

/**
 * Starts the workers of a loaded module.
 *
 * @param {import('./engine-wasi.js').Engine} engine
 * @param {import('./module.js').ModuleFacts} facts
 * @param {import('./options.js').Settings} settings
 * @throws {WeftError} `WEFT_ERR_NOMEM`, `WEFT_ERR_WORKER`
 */
function startWorkers({ memory, find, started }, facts, settings) {
  const words = new Int32Array(memory.buffer, find('weft_js_layout')() >>> 0, 18);
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
  if (status === STATUS.WEFT_OK) return;
  const code = codeOf(status) ?? 'WEFT_ERR_STATE';
  throw new WeftError(code,
    `the module could not start ${settings.threads} workers in ${memory.buffer.byteLength} bytes of memory: ${code}`);
}
