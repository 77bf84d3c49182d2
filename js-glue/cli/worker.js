import { constants } from 'node:os';
import { startWorker } from '../src/cluster/index.js';
import { UsageError, readOptions } from './output.js';

const HELP = `Usage: weft worker --redis URL [options]

Computes chunks that programs send by connect({ connection: URL }) of weft/cluster, until it is
ended. Start one on each machine; it needs npm install bullmq ioredis beside weft.

  --redis URL         redis://user:password@host:port/db, or rediss:// for TLS; default: the
                      environment variable WEFT_REDIS, which does not show in lists of processes
  --queue NAME        default weft
  --prefix NAME       of all keys; default weft
  --threads N         of this machine; default: the CPUs that this process may use
  --concurrency N     chunks at once, which share the threads; default 2: one is computed while
                      another travels
  --memory SIZE       of the runtime, such as 512M or 4G (the most); default 1G
  --module FILE       runs this .wasm alone; default: any that a caller brings
  --recover SECONDS   a chunk whose worker is silent for so long is given to another; the same
                      for all workers of a queue; default 15
  --quiet             says nothing but what goes wrong

SIGTERM and SIGINT: takes no more chunks, finishes those that it has, and ends. A second one ends it
at once; other workers then take its chunks over. So they do when Redis is away at the end, which it
does not wait for longer than --recover.`;

const UNITS = /** @type {Record<string, number>} */ ({ '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 });

/** @param {string | undefined} text  @param {string} option  @param {number} least */
function readNumber(text, option, least) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < least) throw new UsageError(`${option} must be a number from ${least} on, got ${text}`);
  return value;
}

/** @param {string | undefined} text */
function readSize(text) {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  if (count === undefined) throw new UsageError(`--memory must be a size such as 512M or 4G, got ${text}`);
  return Number(count) * UNITS[unit.toUpperCase()];
}

/** What connect() takes does not show the password, nor does this. @param {string} url */
function shown(url) {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** @param {string} line */
const say = (line) => console.log(`${new Date().toISOString()} ${line}`);

/**
 * Drains at the first signal, ends at once at the second.
 *
 * @param {import('../src/cluster/index.js').ClusterWorker} worker
 * @param {(line: string) => void} log
 * @returns {Promise<void>}  once it has ended
 */
function untilSignal(worker, log) {
  process.removeAllListeners('SIGINT'); // the command line's own: ends at once
  let asked = false;
  return new Promise((resolve, reject) => {
    for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
      process.on(signal, () => {
        if (asked) {
          log(`${signal} again: ends at once`);
          process.exit(128 + constants.signals[signal]);
        }
        asked = true;
        log(`${signal}: takes no more chunks, finishes those that it has`);
        worker.close().then(resolve, reject);
      });
    }
  });
}

/** @param {string[]} args  @returns {Promise<number>} the exit code */
export async function run(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const parsed = readOptions(args, {
    redis: text, queue: text, prefix: text, threads: text, concurrency: text, memory: text, module: text, recover: text,
    quiet: { type: 'boolean' },
  }, HELP);
  if (!parsed) return 0;
  const { redis = process.env.WEFT_REDIS, queue, prefix, threads, concurrency, memory, module, recover, quiet } = parsed.values;
  if (!redis) throw new UsageError('--redis URL is wanted, or the environment variable WEFT_REDIS');
  const log = quiet ? () => {} : say;
  const worker = await startWorker({
    connection: redis,
    queue, prefix, module,
    threads: readNumber(threads, '--threads', 0),
    concurrency: readNumber(concurrency, '--concurrency', 1),
    memoryBytes: readSize(memory),
    recoverMs: recover === undefined ? undefined : Math.round(1000 * Number(readNumber(recover, '--recover', 0.1))),
    log,
  });
  log(`listens to queue ${queue ?? 'weft'} of ${shown(redis)}`);
  await untilSignal(worker, log);
  log(`ends after ${worker.done} chunks`);
  process.exit(0); // where Redis is away, BullMQ leaves a timer behind
}
