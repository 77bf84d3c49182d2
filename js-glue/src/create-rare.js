/** What few programs need of create.js, and its errors. */
import { WeftError } from './errors.js';
import { ABI_VERSION, MAGIC_VALUE, Word } from './layout.js';
import { moduleError } from './module-rare.js';
import { isUrl, tagOf } from './show.js';
import { codeOf } from './status.js';

/** @typedef {import('./crew.js').Crew} Crew */
/** @typedef {import('./options.js').RuntimeOptions} RuntimeOptions */
/** @typedef {{ bytes: Uint8Array, label: string, factory?: import('./options.js').EmscriptenFactory }} Source */

/**
 * A runtime without workers.
 *
 * @param {(host: import('./host.js').Host, options: RuntimeOptions, settings: import('./options.js').Settings, crew: Crew) => Promise<import('./runtime.js').Runtime>} open
 * @param {Crew} crew
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @param {import('./options.js').Settings} settings
 * @param {unknown} [refusal]  of the host
 */
export async function openAlone(open, crew, host, options, settings, refusal) {
  const { Solo, whyAlone } = await import('./solo.js'); // few need it
  const reason = whyAlone(settings.threads, refusal, await host.whyUnshared?.());
  if (settings.strict && settings.threads > 0) throw new WeftError('WEFT_ERR_WORKER', reason);
  return open(host, options, { ...settings, threads: 0, waitAsync: false, reason, Solo }, crew);
}

/**
 * @param {import('./host.js').Host} host  @param {RuntimeOptions} options
 * @returns {Promise<Source>}
 */
export async function readSource(host, { module, wasm }) {
  if (module === undefined) return { bytes: await readStock(host), label: 'the stock module' };
  if (typeof module === 'function') {
    if (wasm === undefined) {
      throw new WeftError('WEFT_ERR_INVALID',
        'module is a function: name the .wasm file beside it as well, in the option wasm');
    }
    return { ...(await readBytes(host, wasm, 'wasm')), factory: module };
  }
  if ((typeof module === 'string' || isUrl(module)) && /\.[cm]?js$/.test(String(module))) {
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
  if (typeof source === 'string' || isUrl(source)) {
    return { bytes: await host.readBytes(source), label: String(source) };
  }
  const label = `the option ${option}`;
  if (ArrayBuffer.isView(source)) {
    return { bytes: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), label };
  }
  if (tagOf(source) === 'ArrayBuffer') return { bytes: new Uint8Array(/** @type {ArrayBuffer} */ (source)), label };
  throw new WeftError('WEFT_ERR_INVALID',
    `${option} must be a URL, a path, or the bytes of a .wasm file; got ${source === null ? 'null' : typeof source}`);
}

/** @param {Int32Array} words  of the module  @param {string} label  @returns {never} */
export function refuseVersion(words, label) {
  if (words[Word.MAGIC] !== MAGIC_VALUE) throw moduleError(`${label} is not built with weft`);
  throw moduleError(
    `${label} speaks version ${words[Word.VERSION]} of weft's interface, this package version ${ABI_VERSION}: build it with the weft of the same release`);
}

/**
 * @param {number} status  @param {import('./options.js').Settings} settings
 * @param {WebAssembly.Memory} memory
 * @returns {never}
 */
export function refuseStart(status, { threads }, { buffer }) {
  const code = codeOf(status) ?? 'WEFT_ERR_STATE';
  throw new WeftError(code,
    `the module could not start ${threads} workers in ${buffer.byteLength} bytes of memory: ${code}`);
}

/** @param {Crew} crew  @param {import('./options.js').Settings} settings */
export function tooLate({ ready }, { threads, startTimeoutMs }) {
  return new WeftError('WEFT_ERR_TIMEOUT',
    `${ready} of ${threads} workers have answered within ${startTimeoutMs} ms; startTimeoutMs can be raised`);
}

/** @param {Crew} crew  @param {unknown} error  what the host has thrown */
export function noWorker(crew, error) {
  const { code, message } = /** @type {any} */ (error);
  if (/^ERR_(WORKER_)?INVALID|^ERR_OUT_OF_RANGE/.test(code)) { // Node's word for what the option worker says
    return new WeftError('WEFT_ERR_INVALID', `the option worker cannot be used: ${message}`, { cause: error });
  }
  crew.refused = error;
  return new WeftError('WEFT_ERR_WORKER', `a worker cannot be created: ${message}`, { cause: error });
}
