import { Errno, WasiError } from './errno.js';
import { resolve } from './path.js';
import { timesOf, typeOf, writeStat } from './stat.js';
import { Kind } from './table.js';

const FOLLOW = 1;
const [CREATE, DIRECTORY, EXCLUSIVE, TRUNCATE] = [1, 2, 4, 8];
const READS = (1n << 1n) | (1n << 14n);
const WRITES = (1n << 0n) | (1n << 6n) | (1n << 8n) | (1n << 22n);
const MODE_FILE = 0o666;
const MODE_FOLDER = 0o777;

/**
 * The calls that take a path. Each has the table to itself, so that no other thread of the
 * program changes what it has looked at.
 *
 * @param {object} link
 * @param {import('./table.js').Table} link.table
 * @param {import('./files.js').Files} link.files
 * @param {() => DataView} link.view  of the program's memory
 * @returns {Record<string, (...args: any[]) => number>}
 */
export function createPaths({ table, files, view }) {
  const { closeSync, constants, fstatSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, readlinkSync, renameSync, rmdirSync, symlinkSync, unlinkSync } = files;

  /** What is there. @param {string} file */
  function statAt(file) {
    const stats = lstatSync(file);
    if (!stats) throw new WasiError('ENOENT');
    return stats;
  }

  /** @param {number} start  @param {number} length */
  function text(start, length) {
    try {
      const bytes = new Uint8Array(view().buffer, start >>> 0, length >>> 0);
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
    } catch (error) {
      if (error instanceof TypeError) throw new WasiError('EILSEQ');
      throw error;
    }
  }

  /** @param {number} fd  @param {number} start  @param {number} length  @param {boolean} [follow] */
  function find(fd, start, length, follow = false) {
    const folder = table.get(fd);
    if (folder.kind !== Kind.FOLDER) throw new WasiError('ENOTDIR');
    return resolve(files, folder.path, text(start, length), follow);
  }

  /** A name to be made or removed: with a slash at its end it is a folder's. @param {number} fd @param {number} start @param {number} length */
  function findName(fd, start, length) {
    const { file, slash } = find(fd, start, length);
    if (slash && !lstatSync(file)) throw new WasiError('ENOENT');
    return file;
  }

  /** @param {boolean} reads  @param {boolean} writes  @param {number} wants  oflags  @param {number} flags  fdflags */
  function openFlags(reads, writes, wants, flags) {
    return (writes ? (reads ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY)
      | (wants & CREATE ? constants.O_CREAT : 0) | (wants & EXCLUSIVE ? constants.O_EXCL : 0)
      | (wants & TRUNCATE ? constants.O_TRUNC : 0) | (flags & 1 ? constants.O_APPEND : 0)
      | (flags & 2 ? constants.O_DSYNC ?? 0 : 0) | (flags & 0x18 ? constants.O_SYNC ?? 0 : 0)
      | (flags & 4 ? constants.O_NONBLOCK ?? 0 : 0) | (constants.O_NOFOLLOW ?? 0);
  }

  /** @param {string} file  @param {boolean} slash  @param {number} wants  @param {number} flags  @param {bigint} rights */
  function openFile(file, slash, wants, flags, rights) {
    const writes = (rights & WRITES) !== 0n;
    const stats = lstatSync(file);
    if (stats && wants & CREATE && wants & EXCLUSIVE) throw new WasiError('EEXIST');
    if (stats?.isDirectory()) {
      if (writes || wants & (CREATE | TRUNCATE)) throw new WasiError('EISDIR');
      return table.add({ kind: Kind.FOLDER, type: typeOf(stats), flags, path: file });
    }
    if (slash || (stats && wants & DIRECTORY)) throw new WasiError(stats ? 'ENOTDIR' : wants & CREATE ? 'EISDIR' : 'ENOENT');
    if (stats?.isSymbolicLink()) throw new WasiError('ELOOP');
    if (stats?.isFIFO() && !(flags & 4)) throw new WasiError('ENOTSUP'); // would wait with the table locked
    const system = openSync(file, openFlags((rights & READS) !== 0n, writes, wants, flags), MODE_FILE);
    try {
      const type = fstatSync(system);
      return table.add({ kind: type.isFile() ? Kind.FILE : Kind.STREAM, type: typeOf(type), flags, system });
    } catch (error) {
      closeSync(system);
      throw error;
    }
  }

  /** @type {Record<string, (...args: any[]) => number>} */
  const calls = {
    path_open: (fd, follow, start, length, wants, rights, _inherits, flags, target) => {
      if (wants & CREATE && wants & DIRECTORY) throw new WasiError('EINVAL');
      const exclusive = wants & CREATE && wants & EXCLUSIVE;
      const { file, slash } = find(fd, start, length, Boolean(follow & FOLLOW) && !exclusive);
      view().setUint32(target >>> 0, openFile(file, slash, wants, flags, rights), true);
      return Errno.OK;
    },
    path_filestat_get: (fd, follow, start, length, target) => {
      const { file } = find(fd, start, length, Boolean(follow & FOLLOW));
      return writeStat(view(), target >>> 0, statAt(file));
    },
    path_filestat_set_times: (fd, follow, start, length, access, change, flags) => {
      const { file } = find(fd, start, length, Boolean(follow & FOLLOW));
      lutimesSync(file, ...timesOf(statAt(file), access, change, flags));
      return Errno.OK;
    },
    path_create_directory: (fd, start, length) => (mkdirSync(find(fd, start, length).file, MODE_FOLDER), Errno.OK),
    path_remove_directory: (fd, start, length) => (rmdirSync(findName(fd, start, length)), Errno.OK),
    path_unlink_file: (fd, start, length) => {
      const file = findName(fd, start, length);
      if (statAt(file).isDirectory()) throw new WasiError('EISDIR');
      return unlinkSync(file), Errno.OK;
    },
    path_rename: (fd, start, length, toFd, toStart, toLength) => {
      const from = findName(fd, start, length);
      const { file: to, slash } = find(toFd, toStart, toLength);
      if (slash && !statAt(from).isDirectory()) throw new WasiError('ENOTDIR');
      return renameSync(from, to), Errno.OK;
    },
    path_link: (fd, follow, start, length, toFd, toStart, toLength) => {
      const from = find(fd, start, length, Boolean(follow & FOLLOW)).file;
      return linkSync(from, findName(toFd, toStart, toLength)), Errno.OK;
    },
    path_symlink: (start, length, fd, toStart, toLength) => {
      const target = text(start, length);
      if (target === '') throw new WasiError('ENOENT');
      if (target.startsWith('/')) throw new WasiError('ENOTCAPABLE'); // could not be followed
      return symlinkSync(target, findName(fd, toStart, toLength)), Errno.OK;
    },
    path_readlink: (fd, start, length, buffer, room, used) => {
      const target = new TextEncoder().encode(readlinkSync(find(fd, start, length).file));
      const part = target.subarray(0, room >>> 0);
      new Uint8Array(view().buffer, buffer >>> 0, part.length).set(part);
      view().setUint32(used >>> 0, part.length, true);
      return Errno.OK;
    },
  };
  for (const [name, call] of Object.entries(calls)) calls[name] = (...args) => table.alone(() => call(...args));
  return calls;
}
