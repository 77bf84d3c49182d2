import { WeftError } from '../errors.js';
import { createRuntime } from '../index.js';
import { digestOf } from './source.js';

/** @typedef {import('../runtime.js').Runtime} Runtime */

/** Modules that a worker keeps ready. */
const KEPT = 4;

/**
 * A module that a worker has loaded.
 * @typedef {object} Loaded
 * @property {Promise<Runtime | undefined>} runtime
 * @property {number} users  chunks in it
 * @property {boolean} old  to be closed by the last of them
 */

/** The runtimes of a worker, one for each module by its digest. */
export class Runtimes {
  /** @type {Map<string, Loaded>} the one used last is the last */
  #loaded = new Map();

  /**
   * @param {(digest: string) => Promise<Uint8Array | undefined>} fetch  undefined: it is not there
   * @param {import('../options.js').RuntimeOptions} options
   * @param {(line: string) => void} log
   */
  constructor(fetch, options, log) {
    this.fetch = fetch;
    this.options = options;
    this.log = log;
  }

  /**
   * Runs something on the runtime of a module.
   *
   * @template T
   * @param {string} digest
   * @param {(rt: Runtime) => Promise<T>} use
   * @returns {Promise<T | undefined>}  undefined: the module is not there
   * @throws {WeftError} `WEFT_ERR_MODULE`, what createRuntime throws, and `use`
   */
  async with(digest, use) {
    const entry = this.#find(digest);
    entry.users++;
    try {
      const rt = await entry.runtime;
      return rt && await use(rt);
    } catch (error) {
      if (!(await isUsable(entry))) this.#forget(digest, entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.old && entry.users === 0) await closeRuntime(entry);
    }
  }

  /** @param {string} digest  @returns {Loaded} */
  #find(digest) {
    const known = this.#loaded.get(digest);
    const entry = known ?? { runtime: this.#open(digest), users: 0, old: false };
    if (!known || this.#loaded.size > 1) {
      this.#loaded.delete(digest);
      this.#loaded.set(digest, entry);
    }
    if (!known) {
      entry.runtime.then((rt) => rt ?? this.#forget(digest, entry), () => this.#forget(digest, entry));
      for (const [other, { users }] of this.#loaded) {
        if (this.#loaded.size <= KEPT) break;
        if (users === 0 && other !== digest) this.#forget(other, /** @type {Loaded} */ (this.#loaded.get(other)));
      }
    }
    return entry;
  }

  /** @param {string} digest */
  async #open(digest) {
    const begun = performance.now();
    const bytes = await this.fetch(digest);
    if (!bytes) return undefined;
    const found = await digestOf(bytes);
    if (found !== digest) {
      throw new WeftError('WEFT_ERR_MODULE', `the module in Redis is not the one that is wanted: its BLAKE3 digest is ${found}, wanted is ${digest}`);
    }
    const rt = await createRuntime({ ...this.options, module: bytes });
    this.log(`module ${digest.slice(0, 12)} loaded: ${bytes.length} bytes, ${rt.info.threads} threads, in ${Math.round(performance.now() - begun)} ms`);
    return rt;
  }

  /** @param {string} digest  @param {Loaded} entry */
  #forget(digest, entry) {
    if (this.#loaded.get(digest) === entry) this.#loaded.delete(digest);
    entry.old = true;
    if (entry.users === 0) closeRuntime(entry);
  }

  /** Ends whatever still runs. */
  async close() {
    await Promise.all([...this.#loaded.values()].map(closeRuntime));
  }
}

/** @param {Loaded} entry */
async function isUsable(entry) {
  try {
    (await entry.runtime)?.stats();
    return true;
  } catch {
    return false;
  }
}

/** @param {Loaded} entry */
async function closeRuntime(entry) {
  const rt = await entry.runtime.catch(() => undefined);
  await rt?.close({ cancel: true });
}
