import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** @type {string | undefined} */
let cache;

/** Where the results of builds are kept. Made by the first build: other commands may not write. */
export const cacheFolder = () => cache ??= openCache(process.env.WEFT_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'weft'));

/** @param {string} folder  @returns {string}  another one, until this ends, where that cannot be written */
function openCache(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    const own = mkdtempSync(path.join(os.tmpdir(), 'weft-cache-'));
    process.on('exit', () => rmSync(own, { recursive: true, force: true }));
    return own;
  }
}

/** A file's time is that of the last tick of the kernel's clock, which is earlier than it is. */
const CLOCK_MS = 20;

/** The system's compilers, the best first. */
const CLANGS = ['clang-19', 'clang-20', 'clang-21', 'clang-22', 'clang-18', 'clang-17', 'clang-16', 'clang-15', 'clang-14', 'clang'];

/** @param {string} file  @returns {string}  differs after each change, as far as times tell */
export function stamp(file) {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats ? `${stats.mtimeNs}:${stats.size}:${stats.ino}` : '-';
}

/**
 * Whether it has been written, or renamed to this, since then.
 *
 * @param {string} file  @param {number} since  as of Date.now()
 */
export function changedSince(file, since) {
  const stats = statSync(file, { throwIfNoEntry: false });
  return !stats || Math.max(stats.mtimeMs, stats.ctimeMs) >= since - CLOCK_MS;
}

/** @param {string} name  @returns {string | undefined} */
export function onPath(name) {
  if (name.includes(path.sep)) return existsSync(name) ? name : undefined;
  return (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

/** Those that are here; not all of them can make WebAssembly. */
export function findClangs() {
  return CLANGS.flatMap((name) => onPath(name) ?? []);
}
