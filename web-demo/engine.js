/** The runtimes of this page: one with workers, and one without, made when it is asked for. */
import { createRuntime } from './weft/browser.js';

/** @typedef {import('./weft/browser.js').Runtime} Runtime */

const module = new URL('./demo.wasm', import.meta.url);
const MIB = 1024 * 1024;

export class Engine {
  /** @type {Promise<Runtime> | undefined} */
  #alone;
  /** @type {Promise<unknown>} */
  #changing = Promise.resolve();

  /** @returns {Promise<Engine>} */
  static async open() {
    const cores = navigator.hardwareConcurrency || 1;
    const crew = await createRuntime({ module, threads: Math.max(1, cores), memoryBytes: 512 * MIB });
    return new Engine(crew, cores);
  }

  /** @param {Runtime} crew  @param {number} cores */
  constructor(crew, cores) {
    this.crew = crew;
    this.cores = cores;
    /** Why there are no workers; undefined: there are. */
    this.reason = crew.info.threads === 0 ? crew.info.reason : undefined;
    /** As many threads as the page offers. */
    this.most = this.reason ? 0 : Math.max(2, cores);
    this.threads = crew.info.threads;
  }

  /**
   * The runtime with so many workers. One wish after the other is granted.
   *
   * @param {number} threads
   * @returns {Promise<Runtime>}
   */
  use(threads) {
    const granted = this.#changing.then(() => this.#use(threads));
    this.#changing = granted.catch(() => {});
    return granted;
  }

  /** @param {number} threads */
  async #use(threads) {
    if (this.reason) return this.crew;
    if (threads === 0) {
      this.#alone ??= createRuntime({ module, threads: 0, memoryBytes: 128 * MIB });
      this.threads = 0;
      return this.#alone;
    }
    if (this.threads !== threads) await this.crew.resize(threads);
    this.threads = threads;
    return this.crew;
  }
}
