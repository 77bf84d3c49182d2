import { Errno } from './errno.js';

export const FileType = Object.freeze({
  UNKNOWN: 0, BLOCK_DEVICE: 1, CHARACTER_DEVICE: 2, FOLDER: 3, FILE: 4, SOCKET: 6, LINK: 7,
});

/** @param {import('./files.js').Stats} stats */
export function typeOf(stats) {
  if (stats.isFile()) return FileType.FILE;
  if (stats.isDirectory()) return FileType.FOLDER;
  if (stats.isSymbolicLink()) return FileType.LINK;
  if (stats.isCharacterDevice()) return FileType.CHARACTER_DEVICE;
  if (stats.isBlockDevice()) return FileType.BLOCK_DEVICE;
  return stats.isSocket() ? FileType.SOCKET : FileType.UNKNOWN;
}

/** @param {DataView} view  @param {number} at  @param {import('./files.js').FullStats} stats */
export function writeStat(view, at, stats) {
  view.setBigUint64(at, BigInt.asUintN(64, stats.dev), true);
  view.setBigUint64(at + 8, BigInt.asUintN(64, stats.ino), true);
  view.setBigUint64(at + 16, BigInt(typeOf(stats)), true);
  view.setBigUint64(at + 24, stats.nlink, true);
  view.setBigUint64(at + 32, stats.size, true);
  view.setBigUint64(at + 40, BigInt.asUintN(64, stats.atimeNs), true);
  view.setBigUint64(at + 48, BigInt.asUintN(64, stats.mtimeNs), true);
  view.setBigUint64(at + 56, BigInt.asUintN(64, stats.ctimeNs), true);
  return Errno.OK;
}

/**
 * The two times, in seconds, that `fstflags` asks for: 1 and 4 the given ones, 2 and 8 the
 * present one, neither what the file has.
 *
 * @param {import('./files.js').FullStats} stats  @param {bigint} access  @param {bigint} change  in nanoseconds
 * @param {number} flags  @returns {[number, number]}
 */
export function timesOf(stats, access, change, flags) {
  const present = BigInt(Date.now()) * 1_000_000n;
  /** @param {number} bits  @param {bigint} given  @param {bigint} own */
  const choose = (bits, given, own) => Number(bits & 1 ? given : bits & 2 ? present : own) / 1e9;
  return [choose(flags, access, stats.atimeNs), choose(flags >> 2, change, stats.mtimeNs)];
}
