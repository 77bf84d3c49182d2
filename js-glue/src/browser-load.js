/** How a browser gets at files: by URLs relative to the page. */
import { WeftError } from './errors.js';

const scope = /** @type {any} */ (globalThis);

/** @param {string} message  @param {unknown} [cause] */
export const notLoaded = (message, cause) => new WeftError('WEFT_ERR_MODULE', message, { cause });

/** @param {URL | string} source  @returns {string}  relative to the page */
export function toUrl(source) {
  try {
    return new URL(source, scope.document?.baseURI ?? scope.location.href).href;
  } catch (error) {
    throw notLoaded(`${source} is not a URL`, error);
  }
}

/** @param {URL | string} source  @returns {Promise<Response>}  that is no error */
export async function request(source) {
  const url = toUrl(source);
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw notLoaded(
      `${url} cannot be fetched: ${/** @type {Error} */ (error).message} (is the server there; does connect-src of the page's Content-Security-Policy allow it; from another origin, does it answer with Access-Control-Allow-Origin?)`,
      error);
  }
  if (!response.ok) throw notLoaded(`${url} cannot be fetched: ${response.status} ${response.statusText}`.trim());
  return response;
}

/** Modules that compile while they arrive. @type {WeakMap<Uint8Array, Promise<WebAssembly.Module>>} */
const compiling = new WeakMap();

/** @param {URL | string} source */
export async function readBytes(source) {
  const response = await request(source);
  const type = response.headers.get('content-type') ?? '';
  if (/^text\/html/i.test(type)) throw notLoaded(`${response.url} is a page (${type}), not a WebAssembly module: is its path right?`);
  const streams = /^application\/wasm/i.test(type);
  const module = streams ? WebAssembly.compileStreaming(response.clone()) : undefined;
  module?.catch(() => {}); // whoever compiles it hears of that
  const bytes = new Uint8Array(await response.arrayBuffer().catch((error) => {
    throw notLoaded(`${response.url} broke off: ${error.message}`, error);
  }));
  if (module) compiling.set(bytes, module);
  return bytes;
}

/** @param {Uint8Array} bytes  @returns {Promise<WebAssembly.Module>} */
export const compile = (bytes) => compiling.get(bytes) ?? WebAssembly.compile(/** @type {BufferSource} */ (bytes));
