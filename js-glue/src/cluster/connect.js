import { WeftError } from '../errors.js';
import { mustKnow, show } from '../show.js';
import { Cluster } from './cluster.js';

/**
 * @typedef {object} CommonOptions
 * @property {URL | string | ArrayBuffer | ArrayBufferView} [module]  a `.wasm` file or its bytes;
 *   default: the stock kernels
 *
 * @typedef {object} LocalOptions
 * @property {number} local  how many runtimes, 1 to 64, each with a memory and workers of its own
 * @property {number} [threads]  workers of each; by default they divide the CPUs among them
 * @property {number} [memoryBytes]  of each, up to 4 GiB; default 1 GiB
 * @property {number} [stackBytes]  C stack of each worker
 *
 * @typedef {object} RedisOptions
 * @property {string | URL | object} connection  a URL such as `redis://user:password@host:6379/0`,
 *   or what BullMQ takes: ioredis options, an ioredis client or ioredis' Cluster
 * @property {string} [queue]  the BullMQ queue; default `weft`
 * @property {string} [prefix]  of all keys; default `weft`, and `{weft}` on a Redis Cluster, where
 *   the braces keep them on one node
 * @property {number} [connectTimeoutMs]  until the engine must have answered; default 10000
 * @property {number} [patienceMs]  how long Redis may be out of reach, full, or without workers
 *   before calls reject; default 60000
 * @property {number} [chunkBytesMax]  of one chunk, and of one result; default 64 MiB, at most 512
 */

/** @typedef {CommonOptions & (LocalOptions | RedisOptions)} ConnectOptions */

const COMMON = ['module'];
const LOCAL = ['local', 'threads', 'memoryBytes', 'stackBytes'];
const REDIS = ['connection', 'queue', 'prefix', 'connectTimeoutMs', 'patienceMs', 'chunkBytesMax'];
const SHARDS_MAX = 64;
const MIB = 1024 * 1024;

/**
 * @param {string} message
 * @returns {never}
 */
function refuse(message) {
  throw new WeftError('WEFT_ERR_INVALID', message);
}

/**
 * The options of Redis, checked and with their defaults; those of connect and of workers.
 *
 * @param {any} options  @param {string} who
 */
export function readRedisOptions(options, who) {
  const { connection } = options;
  const isCluster = connection?.isCluster === true;
  const { queue = 'weft', prefix = isCluster ? '{weft}' : 'weft', connectTimeoutMs = 10_000, patienceMs = 60_000, chunkBytesMax = 64 * MIB } = options;
  const plain = typeof connection === 'string' || (typeof connection === 'object' && connection !== null);
  if (!plain) refuse(`${who}: connection must be a URL of Redis, ioredis options, or an ioredis client or Cluster; got ${show(connection)}`);
  if ((typeof connection === 'string' || connection instanceof URL) && !/^rediss?:\/\/./.test(String(connection))) {
    refuse(`${who}: connection must be a URL that begins with redis:// or rediss://`); // may hold a password: not shown
  }
  for (const [name, text] of Object.entries({ queue, prefix })) {
    if (typeof text !== 'string' || !/^[^:\s]+$/.test(text)) refuse(`${who}: ${name} must be a name without colons and blanks, got ${show(text)}`);
  }
  if (isCluster && !/\{[^}]+\}/.test(`${prefix}:${queue}`)) {
    refuse(`${who}: on a Redis Cluster all keys of a queue must be on one node: put the prefix in braces, '{${prefix}}'`);
  }
  for (const [name, value, most] of /** @type {const} */ ([['connectTimeoutMs', connectTimeoutMs, 2 ** 31 - 1],
    ['patienceMs', patienceMs, 2 ** 31 - 1], ['chunkBytesMax', chunkBytesMax, 512 * MIB]])) {
    if (!(Number.isInteger(value) && value >= 1 && value <= most)) refuse(`${who}: ${name} must be an integer from 1 to ${most}, got ${show(value)}`);
  }
  return { connection, queue, prefix, connectTimeoutMs, patienceMs, chunkBytesMax };
}

/**
 * Opens an engine for kernels: runtimes in this process (`local`), or workers on any number of
 * machines behind BullMQ and Redis (`connection`), which `npx weft worker` starts.
 *
 *     const cluster = await connect({ connection: 'redis://queue.example:6379', module: './kernels.wasm' });
 *     const sums = await cluster.map('sum', slices(xs, 1_000_000));
 *     await cluster.close();
 *
 * @param {ConnectOptions} options
 * @returns {Promise<Cluster>}
 * @throws {WeftError} `WEFT_ERR_INVALID`, `WEFT_ERR_MODULE`; of `local` what createRuntime throws;
 *   of `connection` `WEFT_ERR_ENGINE` when Redis does not answer in time or refuses, and
 *   `WEFT_ERR_UNSUPPORTED` when bullmq is not installed
 */
export async function connect(options) {
  if (typeof options !== 'object' || options === null) refuse(`connect: the options must be an object, got ${show(options)}`);
  const local = 'local' in options;
  if (local === 'connection' in options) refuse('connect: name either local or connection');
  mustKnow('connect', options, [...COMMON, ...(local ? LOCAL : REDIS)]);
  if (local) {
    const { local: count, ...runtime } = /** @type {any} */ (options);
    if (!Number.isInteger(count) || count < 1 || count > SHARDS_MAX) refuse(`connect: local must be an integer from 1 to ${SHARDS_MAX}, got ${show(count)}`);
    const { openLocal } = await import('./local.js');
    return new Cluster(await openLocal(count, runtime));
  }
  const settings = readRedisOptions(options, 'connect');
  const { openBullmq } = await import('./bullmq.js');
  return new Cluster(await openBullmq(settings, options.module));
}
