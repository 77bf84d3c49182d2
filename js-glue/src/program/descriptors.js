import { Errno, WasiError } from './errno.js';
import { timesOf, typeOf, writeStat } from './stat.js';
import { Kind } from './table.js';

/** @typedef {import('./table.js').DescriptorType} Descriptor */

const APPEND = 1;
const NONBLOCK = 4;
const ALL_RIGHTS = (1n << 30n) - 1n;
const SEEK_AND_TELL = (1n << 2n) | (1n << 5n);
const LENGTH_MAX = 2 ** 30;

/**
 * The calls on open files.
 *
 * @param {object} link
 * @param {import('./table.js').Table} link.table
 * @param {import('./files.js').Files} link.files
 * @param {() => DataView} link.view  of the program's memory
 * @param {(ms: number) => void} link.sleep
 * @param {string[]} link.preopens  the names of the folders that the program starts with
 * @param {() => never} link.brokenPipe
 * @returns {Record<string, (...args: any[]) => number>}
 */
export function createDescriptors({ table, files, view, sleep, preopens, brokenPipe }) {
  const { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, futimesSync, readSync, utimesSync, writeSync } = files;

  /** @param {number} start  @param {number} length */
  const bytes = (start, length) => new Uint8Array(view().buffer, start >>> 0, length >>> 0);

  /** @param {number} vectors  @param {number} count  @returns {Uint8Array[]} those that are not empty, 1 GiB at most */
  function pieces(vectors, count) {
    const found = [];
    let room = LENGTH_MAX;
    for (let at = vectors >>> 0, i = 0; i < count && room > 0; i++, at += 8) {
      const length = Math.min(view().getUint32(at + 4, true), room);
      if (length > 0) found.push(bytes(view().getUint32(at, true), length));
      room -= length;
    }
    return found;
  }

  /**
   * Retries what would block, unless the program asked for that.
   *
   * @template T @param {Descriptor} file  @param {() => T} run
   */
  function patiently(file, run) {
    for (let ms = 1; ; ms = Math.min(ms * 2, 16)) {
      try {
        return run();
      } catch (error) {
        const { code } = /** @type {NodeJS.ErrnoException} */ (error);
        if (code === 'EPIPE') brokenPipe();
        if (code !== 'EAGAIN' || file.flags & NONBLOCK) throw error;
        sleep(ms);
        table.check();
      }
    }
  }

  /** @param {Descriptor} file  @param {Uint8Array[]} parts  @param {bigint | null} position */
  function readParts(file, parts, position) {
    let done = 0;
    for (const part of parts) {
      // Node takes a position that is a number.
      const at = position === null ? null : Number(position) + done;
      const read = patiently(file, () => readSync(file.system, part, 0, part.length, at));
      done += read;
      if (read < part.length) break;
    }
    return done;
  }

  /** All in one write, so that a line of one thread is not cut by another's. @param {Uint8Array[]} parts */
  function joined(parts) {
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const part of parts) {
      whole.set(part, end);
      end += part.length;
    }
    return whole;
  }

  /** @param {Descriptor} file  @param {Uint8Array[]} parts  @param {bigint | null} position */
  function writeParts(file, parts, position) {
    const whole = joined(parts);
    let done = 0;
    while (done < whole.length) {
      const at = position === null ? null : Number(position) + done;
      try {
        done += patiently(file, () => writeSync(file.system, whole, done, whole.length - done, at));
      } catch (error) {
        if (done === 0) throw error;
        break;
      }
    }
    return done;
  }

  /** @param {Descriptor} file */
  function notFolder(file, code = /** @type {'EISDIR' | 'EBADF'} */ ('EISDIR')) {
    if (file.kind === Kind.FOLDER) throw new WasiError(code);
    return file;
  }

  /** @param {Descriptor} file  @param {number} target */
  function onFile(file, target) {
    notFolder(file, 'EBADF');
    if (file.kind === Kind.STREAM) throw new WasiError('ESPIPE');
    return target >>> 0;
  }

  /** @param {Descriptor} file */
  const size = (file) => files.fstatSync(file.system).size;
  const stat = (/** @type {Descriptor} */ file) =>
    (file.kind === Kind.FOLDER ? files.statSync(file.path) : files.fstatSync(file.system));

  /** @param {number} at  @param {number} value */
  function answer(at, value) {
    view().setUint32(at >>> 0, value, true);
    return Errno.OK;
  }

  /** @param {Descriptor} file  @param {number} flags  @param {bigint} position */
  function move(file, flags, position) {
    if (flags === 1) position += file.position;
    else if (flags === 2) position += size(file);
    else if (flags !== 0) throw new WasiError('EINVAL');
    if (position < 0n) throw new WasiError('EINVAL');
    if (position > BigInt(Number.MAX_SAFE_INTEGER)) throw new WasiError('EOVERFLOW');
    file.position = position;
    return position;
  }

  /** @type {{ path: string, entries: { name: string, type: number, ino: bigint }[] } | undefined} */
  let listed;

  /** @param {string} folder  @param {bigint} cookie */
  function list(folder, cookie) {
    if (cookie === 0n || listed?.path !== folder) {
      const names = ['.', '..', ...files.readdirSync(folder).sort()];
      listed = { path: folder, entries: names.flatMap((name) => {
        const stats = files.lstatSync(name === '..' ? folder : files.join(folder, name));
        return stats ? [{ name, type: typeOf(stats), ino: stats.ino }] : []; // gone since
      }) };
    }
    return listed.entries;
  }

  /** @param {number} fd  @param {number} start  @param {number} length  @param {bigint} cookie  @param {number} used */
  function readdir(fd, start, length, cookie, used) {
    const file = table.get(fd);
    if (file.kind !== Kind.FOLDER) throw new WasiError('ENOTDIR');
    const entries = list(file.path, cookie);
    const target = bytes(start, length);
    let end = 0;
    for (let index = Number(cookie); index < entries.length && end < target.length; index++) {
      const { name, type, ino } = entries[index];
      const text = new TextEncoder().encode(name);
      const record = new Uint8Array(24 + text.length);
      const head = new DataView(record.buffer);
      head.setBigUint64(0, BigInt(index + 1), true);
      head.setBigUint64(8, BigInt.asUintN(64, ino), true);
      head.setUint32(16, text.length, true);
      head.setUint32(20, type, true);
      record.set(text, 24);
      const room = record.subarray(0, target.length - end); // the last one may be cut
      target.set(room, end);
      end += room.length;
    }
    return answer(used, end);
  }

  /** @param {number} fd  @param {number} target */
  function fdstat(fd, target) {
    const file = table.get(fd);
    const at = target >>> 0;
    const rights = file.kind === Kind.STREAM ? ALL_RIGHTS & ~SEEK_AND_TELL : ALL_RIGHTS;
    view().setUint16(at, file.type, true);
    view().setUint32(at + 2, file.flags, true);
    view().setBigUint64(at + 8, rights, true);
    view().setBigUint64(at + 16, file.kind === Kind.FOLDER ? rights : 0n, true);
    return Errno.OK;
  }

  /** @param {number} fd  @param {number} flags */
  function setFlags(fd, flags) {
    return table.with(fd, (file) => {
      // Node cannot change the system's; appending and waiting are ours, but what was opened to append always does.
      if ((file.flags ^ flags) & ~(APPEND | NONBLOCK) || (file.flags & APPEND && !(flags & APPEND))) {
        throw new WasiError('ENOTSUP');
      }
      file.flags = flags;
      return Errno.OK;
    });
  }

  /** A stream is not locked: its reader may wait for ever. @param {number} fd @param {(file: Descriptor) => number} run */
  function transfer(fd, run) {
    const file = notFolder(table.get(fd));
    return file.kind === Kind.STREAM ? run(file) : table.with(fd, (held) => run(notFolder(held)));
  }

  /** @param {number} fd  @param {(system: number) => void} sync */
  function flush(fd, sync) {
    return table.with(fd, (file) => {
      if (file.kind === Kind.FILE) sync(file.system);
      return Errno.OK;
    });
  }

  return {
    fd_read: (fd, vectors, count, read) => transfer(fd, (file) => {
      const parts = pieces(vectors, count);
      if (file.kind === Kind.STREAM) return answer(read, readParts(file, parts.slice(0, 1), null));
      const done = readParts(file, parts, file.position);
      file.position += BigInt(done);
      return answer(read, done);
    }),
    fd_write: (fd, vectors, count, written) => {
      // A stream is locked too, so that a pipe that takes a part does not mix two threads' lines.
      notFolder(table.get(fd), 'EBADF');
      return table.with(fd, (file) => {
        const parts = pieces(vectors, count);
        if (file.kind === Kind.STREAM) return answer(written, writeParts(file, parts, null));
        const position = file.flags & APPEND ? size(file) : file.position;
        const done = writeParts(file, parts, position);
        file.position = position + BigInt(done);
        return answer(written, done);
      });
    },
    fd_pread: (fd, vectors, count, offset, read) => table.with(fd, (file) => {
      onFile(file, 0);
      return answer(read, readParts(file, pieces(vectors, count), BigInt.asUintN(64, offset)));
    }),
    fd_pwrite: (fd, vectors, count, offset, written) => table.with(fd, (file) => {
      onFile(file, 0);
      return answer(written, writeParts(file, pieces(vectors, count), BigInt.asUintN(64, offset)));
    }),
    fd_seek: (fd, offset, whence, target) => table.with(fd, (file) => {
      const at = onFile(file, target);
      view().setBigUint64(at, move(file, whence, offset), true);
      return Errno.OK;
    }),
    fd_tell: (fd, target) => table.with(fd, (file) => {
      const at = onFile(file, target);
      view().setBigUint64(at, file.position, true);
      return Errno.OK;
    }),
    fd_close: (fd) => table.alone(() => {
      const system = table.with(fd, () => table.remove(fd));
      if (system >= 0) closeSync(system);
      return Errno.OK;
    }),
    fd_renumber: (from, to) => table.alone(() => {
      table.get(from);
      table.get(to);
      if (from === to) return Errno.OK;
      const system = table.with(from, () => table.with(to, () => table.move(from, to)));
      if (system >= 0) closeSync(system);
      return Errno.OK;
    }),
    fd_sync: (fd) => flush(fd, fsyncSync),
    fd_datasync: (fd) => flush(fd, fdatasyncSync),
    fd_advise: (fd) => (onFile(table.get(fd), 0), Errno.OK),
    fd_allocate: (fd, offset, length) => table.with(fd, (file) => {
      onFile(file, 0);
      if (length <= 0n || offset < 0n) throw new WasiError('EINVAL');
      if (offset + length > size(file)) ftruncateSync(file.system, Number(offset + length));
      return Errno.OK;
    }),
    fd_filestat_get: (fd, target) => writeStat(view(), target >>> 0, stat(table.get(fd))),
    fd_filestat_set_size: (fd, length) => table.with(fd, (file) => {
      onFile(file, 0);
      if (length < 0n) throw new WasiError('EINVAL');
      ftruncateSync(file.system, Number(length));
      return Errno.OK;
    }),
    fd_filestat_set_times: (fd, access, change, flags) => table.with(fd, (file) => {
      const times = timesOf(stat(file), access, change, flags);
      if (file.kind === Kind.FOLDER) utimesSync(file.path, ...times);
      else futimesSync(file.system, ...times);
      return Errno.OK;
    }),
    fd_readdir: readdir,
    fd_fdstat_get: fdstat,
    fd_fdstat_set_flags: setFlags,
    fd_fdstat_set_rights: (fd) => (table.get(fd), Errno.ENOTSUP),
    fd_prestat_get: (fd, target) => {
      const { preopen } = table.get(fd);
      if (preopen === 0) throw new WasiError('EBADF');
      view().setUint32(target >>> 0, 0, true);
      return answer((target >>> 0) + 4, new TextEncoder().encode(preopens[preopen - 1]).length);
    },
    fd_prestat_dir_name: (fd, start, length) => {
      const { preopen } = table.get(fd);
      if (preopen === 0) throw new WasiError('EBADF');
      const text = new TextEncoder().encode(preopens[preopen - 1]);
      if (text.length > length >>> 0) throw new WasiError('ENAMETOOLONG');
      bytes(start, text.length).set(text);
      return Errno.OK;
    },
    sock_accept: (fd) => (table.get(fd), Errno.ENOTSOCK),
    sock_recv: (fd) => (table.get(fd), Errno.ENOTSOCK),
    sock_send: (fd) => (table.get(fd), Errno.ENOTSOCK),
    sock_shutdown: (fd) => (table.get(fd), Errno.ENOTSOCK),
  };
}
