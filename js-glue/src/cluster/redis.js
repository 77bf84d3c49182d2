import { WeftError } from '../errors.js';

/**
 * What the two ends of BullMQ share: how they connect, and how they say what went wrong.
 *
 * @typedef {ReturnType<typeof import('./connect.js').readRedisOptions>} RedisSettings
 */

/** A connection without any answer for so long is taken for dead, and made anew. */
const SILENCE_MS = 30_000;
const RECONNECT_MOST_MS = 1000;
const CLOSE_MS = 3000;

/** @returns {Promise<any>}  the exports of bullmq, whose types programs need not have */
export async function loadBullmq() {
  try {
    const name = 'bullmq';
    const module = await import(name);
    return module.Queue ? module : module.default;
  } catch (error) {
    throw new WeftError('WEFT_ERR_UNSUPPORTED',
      'weft/cluster works over Redis by bullmq, which is not installed: npm install bullmq ioredis', { cause: error });
  }
}

/** @param {any} connection */
const isClient = (connection) => typeof connection.duplicate === 'function';

/**
 * Options for BullMQ. Commands wait while Redis is out of reach: how long is for the callers to say.
 *
 * @param {any} connection
 */
export function connectionOf(connection) {
  if (isClient(connection)) return connection;
  const url = typeof connection === 'string' || connection instanceof URL;
  return {
    socketTimeout: SILENCE_MS,
    keepAlive: 10_000,
    retryStrategy: (/** @type {number} */ times) => Math.min(RECONNECT_MOST_MS, 25 * 2 ** Math.min(times, 10)),
    ...(url ? { url: String(connection) } : connection),
    maxRetriesPerRequest: null,
  };
}

/** Where Redis is, for people: without the password. @param {any} connection */
export function placeOf(connection) {
  if (typeof connection === 'string' || connection instanceof URL) {
    const { protocol, host } = new URL(String(connection));
    return `${protocol}//${host}`;
  }
  if (connection.isCluster) {
    const { host = '127.0.0.1', port = 6379 } = connection.startupNodes?.[0] ?? {};
    return `redis-cluster://${host}:${port}`;
  }
  const { host = '127.0.0.1', port = 6379, path } = isClient(connection) ? connection.options ?? {} : connection;
  return path ? `unix:${path}` : `redis://${host}:${port}`;
}

/** What Redis answers when it does not let this user in. @param {any} error */
const isRefusal = (error) => /^(WRONGPASS|NOAUTH|NOPERM)|invalid password|without any password configured/i.test(String(error?.message));

/** What Redis answers when it cannot take more for now. @param {any} error */
export const isFull = (error) => /\b(OOM|MISCONF|LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN)\b/.test(String(error?.message));

/**
 * @param {any} error  of Redis or of its client
 * @param {string} place
 * @returns {WeftError}
 */
export function engineError(error, place) {
  if (error instanceof WeftError) return error;
  const said = String(error?.message || error?.code || error);
  const cause = { cause: error };
  if (/\bOOM\b/.test(said)) {
    return new WeftError('WEFT_ERR_NOMEM', `Redis at ${place} is out of memory: raise maxmemory, or lower inFlight (${said})`, cause);
  }
  if (/\bMISCONF\b/.test(said)) {
    return new WeftError('WEFT_ERR_ENGINE', `Redis at ${place} cannot write its files, so it takes nothing: is its disk full? (${said})`, cause);
  }
  if (isRefusal(error)) {
    return new WeftError('WEFT_ERR_ENGINE', `Redis at ${place} does not let us in: check user and password (${said})`, cause);
  }
  return new WeftError('WEFT_ERR_ENGINE', `Redis at ${place} is out of reach: ${said}`, cause);
}

/**
 * Waits until a queue, or a worker, is connected.
 *
 * @param {any} object  of BullMQ
 * @param {RedisSettings} settings
 * @throws {WeftError} `WEFT_ERR_ENGINE`
 */
export async function untilConnected(object, { connectTimeoutMs, connection }) {
  const place = placeOf(connection);
  /** @type {any} */
  let last;
  let timer;
  /** @type {(error: unknown) => void} */
  let reject = () => {};
  const failed = new Promise((_, fail) => {
    reject = fail;
  });
  const onError = (/** @type {any} */ error) => {
    last = error;
    if (isRefusal(error)) reject(engineError(error, place));
  };
  object.on('error', onError);
  timer = setTimeout(() => {
    const why = last ? String(last.message || last.code) : 'no answer';
    reject(new WeftError('WEFT_ERR_ENGINE', `Redis at ${place} is out of reach for ${connectTimeoutMs} ms: ${why}`, { cause: last }));
  }, connectTimeoutMs);
  try {
    await Promise.race([object.waitUntilReady().catch((/** @type {any} */ error) => {
      if (isRefusal(error)) throw engineError(error, place);
      last = error; // the client goes on trying
      return failed;
    }), failed]);
  } finally {
    clearTimeout(timer);
    object.off('error', onError);
  }
}

/** The client that BullMQ talks by; for binary values. @param {any} object  @returns {Promise<any>} */
export async function clientOf(object) {
  const client = await (object.getBackend?.() ?? object).client;
  if (typeof client.getBuffer === 'function') return client;
  throw new WeftError('WEFT_ERR_UNSUPPORTED', 'weft/cluster needs a client that reads binary values: ioredis');
}

/** Cuts connections that did not close: a client that Redis does not answer would try for ever. @param {any} object */
function cut(object) {
  const backend = object.getBackend?.() ?? object;
  for (const client of [backend.client, backend.blockingClient]) {
    Promise.resolve(client).then((each) => each?.disconnect(), () => {});
  }
}

/**
 * Closes what BullMQ opened, in bounded time even where Redis does not answer.
 *
 * @param {any[]} objects
 * @param {boolean} [force]  of workers: does not wait for their jobs
 */
export async function closeAll(objects, force) {
  await Promise.all(objects.map(async (object) => {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS, true);
    });
    const closing = Promise.resolve(object.close(force)).catch(() => {});
    if (await Promise.race([closing, late])) cut(object);
    clearTimeout(timer);
  }));
}

/**
 * The keys beside BullMQ's own. Redis holds payloads that are too large for a job, the module, and
 * for each map a word that ends with its caller.
 *
 * @param {RedisSettings} settings
 */
export function keysOf({ prefix, queue }) {
  const base = `${prefix}:${queue}`;
  return {
    job: (/** @type {string} */ id) => `${base}:${id}`,
    run: (/** @type {string} */ run) => `${base}:weft:run:${run}`,
    chunk: (/** @type {string} */ run, /** @type {number} */ index) => `${base}:weft:in:${run}:${index}`,
    result: (/** @type {string} */ run, /** @type {number} */ index) => `${base}:weft:out:${run}:${index}`,
    module: (/** @type {string} */ digest) => `${base}:weft:module:${digest}`,
  };
}
