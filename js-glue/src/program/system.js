import { createWasi } from '../wasi.js';
import { createDescriptors } from './descriptors.js';
import { Errno, WasiError, errnoOf } from './errno.js';
import { createPaths } from './paths.js';

const EXIT_BROKEN_PIPE = 141;
const SUBSCRIPTION = 48;
const EVENT = 32;
const CLOCK_EVENT = 0;

/**
 * What a thread of a program needs of its host.
 * @typedef {object} SystemLink
 * @property {() => WebAssembly.Memory} memory
 * @property {import('./table.js').Table} table
 * @property {import('./files.js').Files} files
 * @property {() => number} now  nanoseconds of a monotonic clock
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {string[]} preopens
 * @property {(code: number) => never} exit  ends the whole program; leaves the frames of C
 */

/** What the program imports from `wasi_snapshot_preview1`, for one thread. @param {SystemLink} link */
export function createSystem({ memory, table, files, now, args, env, preopens, exit }) {
  let seen = /** @type {DataView | undefined} */ (undefined);
  let basic = /** @type {ReturnType<typeof createWasi> | undefined} */ (undefined);
  /** A memory that grows gets another buffer. */
  function view() {
    const { buffer } = memory();
    if (seen?.buffer !== buffer) {
      seen = new DataView(buffer);
      basic = undefined;
    }
    return /** @type {DataView} */ (seen);
  }
  /**
   * @param {string} name  of a call about arguments, environment, clocks or random numbers
   * @returns {(...values: any[]) => number | void}
   */
  const plain = (name) => (...values) => {
    view();
    basic ??= createWasi({ memory: memory(), now, args, env, write: () => {} });
    return basic[name](...values);
  };

  const pause = new Int32Array(new SharedArrayBuffer(4));
  const sleep = (/** @type {number} */ ms) => void Atomics.wait(pause, 0, 0, ms);

  /** @param {number} id  @returns {bigint} */
  function clock(id) {
    if (id === 0) return BigInt(Date.now()) * 1_000_000n;
    if (id === 1) return BigInt(Math.round(now()));
    throw new WasiError('EINVAL');
  }

  /**
   * Sleeps until the first time has come. Files are always ready, as far as Node tells.
   *
   * @param {number} first  @param {number} events  @param {number} count  @param {number} used
   */
  function poll(first, events, count, used) {
    if (count === 0) throw new WasiError('EINVAL');
    const wanted = Array.from({ length: count }, (_, index) => {
      const at = (first >>> 0) + index * SUBSCRIPTION;
      const user = view().getBigUint64(at, true);
      const kind = view().getUint8(at + 8);
      if (kind !== CLOCK_EVENT) return { user, kind, left: -1 };
      const id = view().getUint32(at + 16, true);
      const time = view().getBigUint64(at + 24, true);
      const absolute = view().getUint16(at + 40, true) & 1;
      return { user, kind, left: Number(absolute ? time - clock(id) : time) };
    });
    const least = Math.min(...wanted.map(({ left }) => left));
    if (least > 0) sleep(least / 1e6);
    let at = events >>> 0;
    const due = wanted.filter(({ left }) => left <= Math.max(least, 0));
    for (const { user, kind } of due) {
      new Uint8Array(view().buffer, at, EVENT).fill(0);
      view().setBigUint64(at, user, true);
      view().setUint8(at + 10, kind);
      if (kind !== CLOCK_EVENT) view().setBigUint64(at + 16, 1n, true);
      at += EVENT;
    }
    view().setUint32(used >>> 0, due.length, true);
    return Errno.OK;
  }

  const link = { table, files, view, sleep, preopens, brokenPipe: () => exit(EXIT_BROKEN_PIPE) };
  /** @type {Record<string, (...args: any[]) => number>} */
  const calls = { ...createDescriptors(link), ...createPaths(link), poll_oneoff: poll };
  /** @type {Record<string, (...args: any[]) => number | void>} */
  const imports = {
    proc_exit: (code) => exit(code),
    proc_raise: () => Errno.ENOSYS,
    sched_yield: () => Errno.OK,
  };
  for (const name of ['args_get', 'args_sizes_get', 'environ_get', 'environ_sizes_get', 'clock_res_get',
    'clock_time_get', 'random_get']) imports[name] = plain(name);
  for (const [name, call] of Object.entries(calls)) {
    imports[name] = (...values) => {
      table.check();
      try {
        return call(...values);
      } catch (error) {
        return errnoOf(error);
      }
    };
  }
  return imports;
}
