import { WeftError } from '../errors.js';
import { createRuntime } from '../index.js';
import { cpus } from '../node.js';
import { execute } from './execute.js';
import { mustExport } from './source.js';

/** @typedef {import('../runtime.js').Runtime} Runtime */

/** While one chunk is computed, the arrays of the next are copied. */
const CHUNKS_EACH = 2;

/** A runtime with a memory of its own. It is made anew when it breaks. */
class Shard {
  busy = 0;
  /** @type {Promise<Runtime> | undefined} */
  #runtime;

  /** @param {import('../options.js').RuntimeOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** @returns {Promise<Runtime>} */
  get runtime() {
    this.#runtime ??= createRuntime(this.options);
    return this.#runtime;
  }

  /** Whether what went wrong was the runtime, which then is replaced. @param {Runtime} rt */
  async mend(rt) {
    try {
      rt.stats(); // throws when it is unusable
      return;
    } catch {
      this.#runtime = undefined;
      await rt.close({ cancel: true });
    }
  }

  async close() {
    const rt = await this.#runtime?.catch(() => undefined);
    await rt?.close({ cancel: true });
  }
}

/** Several runtimes in this process, each with up to 4 GiB of memory and workers of its own. */
class LocalEngine {
  retries = false;
  /** @type {(() => void)[]} chunks that wait for a shard */
  #waiting = [];
  #closed = false;

  /** @param {Shard[]} shards  @param {string[]} functions */
  constructor(shards, functions) {
    this.shards = shards;
    this.functions = functions;
    this.slots = CHUNKS_EACH * shards.length;
  }

  /** @param {string} kernel */
  find(kernel) {
    mustExport(this.functions, kernel);
  }

  describe() {
    return Object.freeze({ engine: 'local', shards: this.shards.length, functions: this.functions });
  }

  /** @param {string} kernel */
  async begin(kernel) {
    return {
      pack: (/** @type {any[]} */ args) => args,
      issue: (/** @type {import('./flow.js').Issue} */ issue) => this.#issue(kernel, issue),
      end: async () => {},
    };
  }

  /** @param {string} kernel  @param {import('./flow.js').Issue} issue */
  async #issue(kernel, { packed, ending, started }) {
    const shard = await this.#take(ending);
    const end = new AbortController();
    ending.onEnd(() => end.abort());
    try {
      const rt = await shard.runtime;
      started();
      try {
        return await execute(rt, packed, (values) => rt.with({ signal: end.signal }).call(kernel, ...values));
      } catch (error) {
        if (/** @type {any} */ (error)?.code === 'WEFT_ERR_WORKER') await shard.mend(rt);
        throw error;
      }
    } finally {
      shard.busy--;
      this.#waiting.shift()?.();
    }
  }

  /** The shard with the least to do, once one has room. @param {import('./flow.js').Ending} ending */
  async #take(ending) {
    for (;;) {
      if (this.#closed || ending.over) throw new WeftError('WEFT_ERR_CLOSED', 'this cluster is closed');
      const [least] = [...this.shards].sort((a, b) => a.busy - b.busy);
      if (least.busy < CHUNKS_EACH) {
        least.busy++;
        return least;
      }
      await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    }
  }

  async close() {
    this.#closed = true;
    for (const go of this.#waiting.splice(0)) go();
    await Promise.all(this.shards.map((shard) => shard.close()));
  }
}

/**
 * @param {number} count
 * @param {import('../options.js').RuntimeOptions} options  of each runtime; by default they
 *   divide the CPUs among them
 */
export async function openLocal(count, options) {
  const threads = options.threads ?? Math.max(1, Math.ceil(cpus().count / count));
  const shards = Array.from({ length: count }, () => new Shard({ ...options, threads }));
  try {
    const [first] = await Promise.all(shards.map((shard) => shard.runtime));
    return new LocalEngine(shards, first.info.functions);
  } catch (error) {
    await Promise.all(shards.map((shard) => shard.close()));
    throw error;
  }
}
