import { WasiError } from './errno.js';

/**
 * Files in shared memory: what node:fs does on a disk, for every thread of a program.
 *
 * Words of the memory | are
 * --------------------|------------------------------------------------------------------
 * 0-7                 | the lock, and what is free of nodes, entries and blocks: a list of
 *                     | what was given back, and how far the rest has been used
 * BUCKETS             | entries by the hash of their folder and name, chained
 * NODES               | a file, folder or symbolic link each; 0 is none, 1 the root
 * ENTRIES             | a name in a folder each
 * from DATA on        | blocks of the contents, and of the numbers of further blocks
 *
 * All of it is changed and read under the lock. Nothing here ever grows: whoever runs out of
 * space gets ENOSPC.
 */
const LOCK = 0;
const NODE_LIST = { free: 1, end: 2 };
const ENTRY_LIST = { free: 3, end: 4 };
const BLOCK_LIST = { free: 5, end: 6 };
const BLOCK_COUNT = 7;

const BUCKETS = 1024;
const BUCKET_COUNT = 4096;
const NODES = 8192;
const NODE_COUNT = 32768;
const NODE_WORDS = 96;
const ENTRIES = NODES + NODE_COUNT * NODE_WORDS;
const ENTRY_COUNT = 32768;
const ENTRY_WORDS = 72;
const BLOCK_BYTES = 16384;
const DATA = Math.ceil((ENTRIES + ENTRY_COUNT * ENTRY_WORDS) * 4 / BLOCK_BYTES) * BLOCK_BYTES;

/** SIZE is a float64, times are 64-bit nanoseconds. DIRECT and INDEX name blocks, 0: none, all zero. */
const Node = Object.freeze({ KIND: 0, LINKS: 1, OPEN: 2, ENTRIES: 3, PARENT: 4, FIRST: 5, SIZE: 6, CHANGED: 8, READ: 10, STATUS: 12, DIRECT: 16, INDEX: 24 });
const Entry = Object.freeze({ FOLDER: 0, NODE: 1, CHAIN: 2, AFTER: 3, BEFORE: 4, LENGTH: 5, NAME: 8 });
const Kind = Object.freeze({ FREE: 0, FILE: 1, FOLDER: 2, LINK: 3 });

const DIRECT_COUNT = Node.INDEX - Node.DIRECT;
const INDEX_COUNT = 64;
const PER_INDEX = BLOCK_BYTES / 4;
const NAME_MAX = 255;
const ROOT = 1;

/** Descriptors of files; below are the standard streams. */
const FD_FIRST = 8;
const ACCESS = 3;
/** How long the main thread waits for a thread that may have been ended amid a call. */
const DEAD_MS = 200;

/** The least memory: with a megabyte for contents. */
export const FILES_BYTES_MIN = DATA + 2 ** 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const constants = Object.freeze({ O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024 });

/** @param {keyof typeof import('./errno.js').Errno} code  @returns {never} */
function fail(code) {
  throw new WasiError(code);
}

/**
 * Where descriptors 0 to 2 lead.
 * @typedef {object} Streams
 * @property {(target: Uint8Array) => number} read  waits for at least a byte; 0 at the end
 * @property {(fd: number, bytes: Uint8Array) => void} write  all of them
 */

/** @param {WebAssembly.Memory} memory  shared, new and so all zero */
export function formatFiles(memory) {
  const words = new Int32Array(memory.buffer);
  words[NODE_LIST.end] = ROOT + 1;
  words[ENTRY_LIST.end] = 1;
  words[BLOCK_LIST.end] = 1;
  words[BLOCK_COUNT] = Math.floor((words.byteLength - DATA) / BLOCK_BYTES);
  const root = NODES + ROOT * NODE_WORDS;
  words[root + Node.KIND] = Kind.FOLDER;
  words[root + Node.LINKS] = 1;
  words[root + Node.PARENT] = ROOT;
  return memory;
}

/**
 * @param {WebAssembly.Memory} memory  of formatFiles
 * @param {Streams} [streams]  of a thread of the program; who has none is alone, but for
 *   threads that were ended amid a call
 * @returns {import('./files.js').Files}
 */
export function createMemoryFiles(memory, streams) {
  const { buffer } = memory;
  const words = new Int32Array(buffer);
  const bytes = new Uint8Array(buffer);
  const sizes = new Float64Array(buffer);
  const times = new BigInt64Array(buffer);

  function lock() {
    const end = performance.now() + DEAD_MS;
    while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) {
      if (streams) {
        while (Atomics.exchange(words, LOCK, 2) !== 0) Atomics.wait(words, LOCK, 2);
        return;
      }
      if (performance.now() > end) return;
    }
  }

  /** @template {any[]} A @template T @param {(...args: A) => T} run  @returns {(...args: A) => T} */
  const alone = (run) => (...args) => {
    lock();
    try {
      return run(...args);
    } finally {
      if (Atomics.exchange(words, LOCK, 0) === 2) Atomics.notify(words, LOCK, 1);
    }
  };

  const nodeAt = (/** @type {number} */ node) => NODES + node * NODE_WORDS;
  const entryAt = (/** @type {number} */ entry) => ENTRIES + entry * ENTRY_WORDS;
  const blockAt = (/** @type {number} */ block) => DATA + block * BLOCK_BYTES;

  /**
   * A number that is free; given-back ones first.
   *
   * @param {{ free: number, end: number }} list  @param {number} count
   * @param {(number: number) => number} at  where its first word is, the next one of the list
   */
  function take(list, count, at) {
    const found = words[list.free];
    if (found === 0) {
      if (words[list.end] >= count) fail('ENOSPC');
      return words[list.end]++;
    }
    words[list.free] = words[at(found)];
    return found;
  }

  function takeBlock() {
    const fresh = words[BLOCK_LIST.free] === 0;
    const block = take(BLOCK_LIST, words[BLOCK_COUNT], (number) => blockAt(number) / 4);
    if (!fresh) bytes.fill(0, blockAt(block), blockAt(block) + BLOCK_BYTES);
    return block;
  }

  /** @param {number} block */
  function giveBlock(block) {
    words[blockAt(block) / 4] = words[BLOCK_LIST.free];
    words[BLOCK_LIST.free] = block;
  }

  // Contents.

  /**
   * The word that has the number of a file's block.
   *
   * @param {number} node  @param {number} index  of the block in the file
   * @param {boolean} make  its table, if it has none
   * @returns {number}  -1: there is no table
   */
  function blockWord(node, index, make) {
    if (index < DIRECT_COUNT) return nodeAt(node) + Node.DIRECT + index;
    const far = index - DIRECT_COUNT;
    const slot = Math.floor(far / PER_INDEX);
    if (slot >= INDEX_COUNT) return make ? fail('EFBIG') : -1;
    const word = nodeAt(node) + Node.INDEX + slot;
    if (words[word] === 0) {
      if (!make) return -1;
      words[word] = takeBlock();
    }
    return blockAt(words[word]) / 4 + far % PER_INDEX;
  }

  const sizeOf = (/** @type {number} */ node) => sizes[(nodeAt(node) + Node.SIZE) / 2];
  /** @param {number} node  @param {number} size */
  const setSize = (node, size) => {
    sizes[(nodeAt(node) + Node.SIZE) / 2] = size;
  };

  /** @param {number} node  @param {...number} fields  that are of the present */
  function touch(node, ...fields) {
    const time = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n;
    for (const field of fields) times[(nodeAt(node) + field) / 2] = time;
  }

  /** Goes through the pieces of a part of a file. @param {number} position  @param {number} length  @param {(index: number, first: number, count: number, done: number) => boolean} visit  false ends it */
  function pieces(position, length, visit) {
    for (let done = 0; done < length; ) {
      const first = (position + done) % BLOCK_BYTES;
      const count = Math.min(BLOCK_BYTES - first, length - done);
      if (!visit(Math.floor((position + done) / BLOCK_BYTES), first, count, done)) return done;
      done += count;
    }
    return length;
  }

  /** @param {number} node  @param {Uint8Array} target  @param {number} position */
  function read(node, target, position) {
    const length = Math.max(0, Math.min(target.length, sizeOf(node) - position));
    return pieces(position, length, (index, first, count, done) => {
      const word = blockWord(node, index, false);
      const block = word < 0 ? 0 : words[word];
      if (block === 0) target.fill(0, done, done + count);
      else target.set(bytes.subarray(blockAt(block) + first, blockAt(block) + first + count), done);
      return true;
    });
  }

  /** @param {number} node  @param {Uint8Array} source  @param {number} position  @returns {number} less where no space is left */
  function write(node, source, position) {
    const written = pieces(position, source.length, (index, first, count, done) => {
      try {
        const word = blockWord(node, index, true);
        if (words[word] === 0) words[word] = takeBlock();
        bytes.set(source.subarray(done, done + count), blockAt(words[word]) + first);
        return true;
      } catch (error) {
        if (done === 0) throw error;
        return false;
      }
    });
    if (position + written > sizeOf(node)) setSize(node, position + written);
    touch(node, Node.CHANGED, Node.STATUS);
    return written;
  }

  /** @param {number} node  @param {number} size */
  function resize(node, size) {
    if (size > (DIRECT_COUNT + INDEX_COUNT * PER_INDEX) * BLOCK_BYTES) fail('EFBIG');
    const before = Math.ceil(sizeOf(node) / BLOCK_BYTES);
    const after = Math.ceil(size / BLOCK_BYTES);
    for (let index = after; index < before; index++) {
      const word = blockWord(node, index, false);
      if (word < 0 || words[word] === 0) continue;
      giveBlock(words[word]);
      words[word] = 0;
    }
    for (let slot = 0; slot < INDEX_COUNT; slot++) {
      const word = nodeAt(node) + Node.INDEX + slot;
      if (words[word] === 0 || DIRECT_COUNT + slot * PER_INDEX < after) continue;
      giveBlock(words[word]);
      words[word] = 0;
    }
    const last = size % BLOCK_BYTES;
    const word = last === 0 ? -1 : blockWord(node, after - 1, false);
    if (size < sizeOf(node) && word >= 0 && words[word] !== 0) { // what a later growth shows is zero
      bytes.fill(0, blockAt(words[word]) + last, blockAt(words[word]) + BLOCK_BYTES);
    }
    setSize(node, size);
    touch(node, Node.CHANGED, Node.STATUS);
  }

  // Nodes and names.

  /** @param {number} kind */
  function makeNode(kind) {
    const node = take(NODE_LIST, NODE_COUNT, nodeAt);
    words.fill(0, nodeAt(node), nodeAt(node) + NODE_WORDS);
    words[nodeAt(node) + Node.KIND] = kind;
    touch(node, Node.CHANGED, Node.READ, Node.STATUS);
    return node;
  }

  /** Frees it when it has neither a name nor somebody who has it open. @param {number} node */
  function release(node) {
    const at = nodeAt(node);
    if (words[at + Node.LINKS] > 0 || words[at + Node.OPEN] > 0) return;
    resize(node, 0);
    words[at] = words[NODE_LIST.free]; // in the place of its kind
    words[NODE_LIST.free] = node;
  }

  /** @param {number} folder  @param {Uint8Array} name  @returns {number}  a word */
  function bucket(folder, name) {
    let hash = (0x811c9dc5 ^ folder) >>> 0;
    for (const byte of name) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return BUCKETS + hash % BUCKET_COUNT;
  }

  /** @param {number} entry  @param {Uint8Array} name */
  function isNamed(entry, name) {
    const at = entryAt(entry);
    if (words[at + Entry.LENGTH] !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (bytes[(at + Entry.NAME) * 4 + i] !== name[i]) return false;
    return true;
  }

  /** @param {number} entry */
  function nameOf(entry) {
    const start = (entryAt(entry) + Entry.NAME) * 4;
    return bytes.slice(start, start + words[entryAt(entry) + Entry.LENGTH]);
  }

  /** @param {number} folder  @param {Uint8Array} name  @returns {number}  0: there is none */
  function findEntry(folder, name) {
    for (let entry = words[bucket(folder, name)]; entry !== 0; entry = words[entryAt(entry) + Entry.CHAIN]) {
      if (words[entryAt(entry) + Entry.FOLDER] === folder && isNamed(entry, name)) return entry;
    }
    return 0;
  }

  /** @param {number} folder  @param {Uint8Array} name  @param {number} node */
  function addEntry(folder, name, node) {
    if (name.length > NAME_MAX) fail('ENAMETOOLONG');
    const entry = take(ENTRY_LIST, ENTRY_COUNT, entryAt);
    const at = entryAt(entry);
    const chain = bucket(folder, name);
    const list = nodeAt(folder) + Node.FIRST;
    bytes.set(name, (at + Entry.NAME) * 4);
    words[at + Entry.LENGTH] = name.length;
    words[at + Entry.FOLDER] = folder;
    words[at + Entry.NODE] = node;
    words[at + Entry.CHAIN] = words[chain];
    words[chain] = entry;
    words[at + Entry.BEFORE] = 0;
    words[at + Entry.AFTER] = words[list];
    if (words[list] !== 0) words[entryAt(words[list]) + Entry.BEFORE] = entry;
    words[list] = entry;
    words[nodeAt(folder) + Node.ENTRIES]++;
    words[nodeAt(node) + Node.LINKS]++;
    if (words[nodeAt(node)] === Kind.FOLDER) words[nodeAt(node) + Node.PARENT] = folder;
    touch(folder, Node.CHANGED, Node.STATUS);
  }

  /** @param {number} entry  @returns {number} the node, which the caller releases */
  function removeEntry(entry) {
    const at = entryAt(entry);
    const folder = words[at + Entry.FOLDER];
    const node = words[at + Entry.NODE];
    let link = bucket(folder, nameOf(entry));
    while (words[link] !== entry) link = entryAt(words[link]) + Entry.CHAIN;
    words[link] = words[at + Entry.CHAIN];
    const [before, after] = [words[at + Entry.BEFORE], words[at + Entry.AFTER]];
    words[before === 0 ? nodeAt(folder) + Node.FIRST : entryAt(before) + Entry.AFTER] = after;
    if (after !== 0) words[entryAt(after) + Entry.BEFORE] = before;
    words[at] = words[ENTRY_LIST.free]; // in the place of its folder
    words[ENTRY_LIST.free] = entry;
    words[nodeAt(folder) + Node.ENTRIES]--;
    words[nodeAt(node) + Node.LINKS]--;
    touch(folder, Node.CHANGED, Node.STATUS);
    return node;
  }

  /** Where a path leads, which has no symbolic link on its way. @param {string} path */
  function look(path) {
    const parts = path.split('/').filter((part) => part !== '');
    let [folder, node, entry, name] = [ROOT, ROOT, 0, new Uint8Array()];
    for (const part of parts) {
      if (node === 0) fail('ENOENT');
      if (words[nodeAt(node)] !== Kind.FOLDER) fail('ENOTDIR');
      folder = node;
      name = encoder.encode(part);
      entry = findEntry(folder, name);
      node = entry === 0 ? 0 : words[entryAt(entry) + Entry.NODE];
    }
    return { folder, name, entry, node, kind: node === 0 ? Kind.FREE : words[nodeAt(node)] };
  }

  /** What is there. @param {string} path */
  function find(path) {
    const found = look(path);
    if (found.node === 0) fail('ENOENT');
    return found;
  }

  /** A name that is free. @param {string} path */
  function vacant(path) {
    const found = look(path);
    if (found.node !== 0) fail('EEXIST');
    return found;
  }

  /** @param {number} node  @returns {import('./files.js').FullStats} */
  function stats(node) {
    const at = nodeAt(node);
    const kind = node === 0 ? Kind.FREE : words[at];
    const no = () => false;
    return {
      isFile: () => kind === Kind.FILE, isDirectory: () => kind === Kind.FOLDER, isSymbolicLink: () => kind === Kind.LINK,
      isCharacterDevice: () => node === 0, isBlockDevice: no, isFIFO: no, isSocket: no,
      dev: 1n, ino: BigInt(node), nlink: BigInt(words[at + Node.LINKS]), size: BigInt(sizeOf(node)),
      atimeNs: times[(at + Node.READ) / 2], mtimeNs: times[(at + Node.CHANGED) / 2], ctimeNs: times[(at + Node.STATUS) / 2],
    };
  }

  /** @param {number} fd  @returns {number} 0: a stream */
  const nodeOf = (fd) => (fd < FD_FIRST ? 0 : Math.floor((fd - FD_FIRST) / (ACCESS + 1)));
  const accessOf = (/** @type {number} */ fd) => (fd - FD_FIRST) & ACCESS;

  /** @param {number} node  @param {number} access  @param {number} change  in seconds */
  function setTimes(node, access, change) {
    const ns = (/** @type {number} */ seconds) => BigInt(Math.round(seconds * 1e6)) * 1000n;
    times[(nodeAt(node) + Node.READ) / 2] = ns(access);
    times[(nodeAt(node) + Node.CHANGED) / 2] = ns(change);
    touch(node, Node.STATUS);
  }

  /** @param {string} path  @param {number} kind */
  function make(path, kind) {
    const { folder, name } = vacant(path);
    const node = makeNode(kind);
    addEntry(folder, name, node);
    return node;
  }

  /** @param {string} path  @param {number} flags */
  function open(path, flags) {
    const found = look(path);
    const access = flags & ACCESS;
    if (found.node !== 0 && flags & constants.O_CREAT && flags & constants.O_EXCL) fail('EEXIST');
    if (found.kind === Kind.FOLDER) fail('EISDIR');
    if (found.kind === Kind.LINK) fail('ELOOP');
    if (found.node === 0 && !(flags & constants.O_CREAT)) fail('ENOENT');
    const node = found.node === 0 ? make(path, Kind.FILE) : found.node;
    if (flags & constants.O_TRUNC && sizeOf(node) > 0) resize(node, 0);
    words[nodeAt(node) + Node.OPEN]++;
    return FD_FIRST + node * (ACCESS + 1) + access;
  }

  /** @param {string} from  @param {string} to */
  function rename(from, to) {
    const source = find(from);
    const target = look(to);
    if (source.node === target.node) return;
    if (source.entry === 0) fail('EBUSY');
    for (let folder = target.folder; source.kind === Kind.FOLDER && folder !== ROOT; folder = words[nodeAt(folder) + Node.PARENT]) {
      if (folder === source.node) fail('EINVAL');
    }
    if (target.node !== 0) {
      if (source.kind === Kind.FOLDER && target.kind !== Kind.FOLDER) fail('ENOTDIR');
      if (source.kind !== Kind.FOLDER && target.kind === Kind.FOLDER) fail('EISDIR');
      if (words[nodeAt(target.node) + Node.ENTRIES] > 0) fail('ENOTEMPTY');
      release(removeEntry(target.entry));
    }
    if (target.name.length > NAME_MAX) fail('ENAMETOOLONG');
    addEntry(target.folder, target.name, removeEntry(source.entry));
  }

  /** @param {string} path  @param {boolean} folder  it shall be one */
  function remove(path, folder) {
    const { entry, node, kind } = find(path);
    if (folder && kind !== Kind.FOLDER) fail('ENOTDIR');
    if (!folder && kind === Kind.FOLDER) fail('EISDIR');
    if (entry === 0) fail('EBUSY');
    if (words[nodeAt(node) + Node.ENTRIES] > 0) fail('ENOTEMPTY');
    release(removeEntry(entry));
  }

  /** @param {string} path */
  function list(path) {
    const { node, kind } = find(path);
    if (kind !== Kind.FOLDER) fail('ENOTDIR');
    const names = [];
    for (let entry = words[nodeAt(node) + Node.FIRST]; entry !== 0; entry = words[entryAt(entry) + Entry.AFTER]) {
      names.push(decoder.decode(nameOf(entry)));
    }
    return names;
  }

  /** @param {number} fd  @param {boolean} writes  the call does */
  function opened(fd, writes) {
    const access = accessOf(fd);
    if (access !== constants.O_RDWR && (access === constants.O_WRONLY) !== writes) fail('EBADF');
    return nodeOf(fd);
  }

  const readFile = alone((/** @type {number} */ fd, /** @type {Uint8Array} */ target, /** @type {number} */ position) => read(opened(fd, false), target, position));
  const writeFile = alone((/** @type {number} */ fd, /** @type {Uint8Array} */ source, /** @type {number} */ position) => write(opened(fd, true), source, position));

  return {
    constants,
    join: (...parts) => `/${parts.flatMap((part) => part.split('/')).filter((part) => part !== '').join('/')}`,
    isAbsolute: (path) => path.startsWith('/'),
    isForeign: () => false,
    openSync: alone(open),
    closeSync: alone((fd) => {
      words[nodeAt(nodeOf(fd)) + Node.OPEN]--;
      release(nodeOf(fd));
    }),
    // Not alone: a stream's reader may wait for ever.
    readSync: (fd, target, offset, length, position) => {
      const part = target.subarray(offset, offset + length);
      return fd < FD_FIRST ? streams?.read(part) ?? 0 : readFile(fd, part, position ?? 0);
    },
    writeSync: (fd, source, offset, length, position) => {
      const part = source.subarray(offset, offset + length);
      if (fd >= FD_FIRST) return writeFile(fd, part, position ?? 0);
      streams?.write(fd, part);
      return part.length;
    },
    fstatSync: alone((fd) => stats(nodeOf(fd))),
    statSync: alone((path) => stats(find(path).node)),
    lstatSync: alone((path) => {
      const { node } = look(path);
      return node === 0 ? undefined : stats(node);
    }),
    ftruncateSync: alone((fd, length) => resize(opened(fd, true), length)),
    futimesSync: alone((fd, access, change) => setTimes(nodeOf(fd), access, change)),
    utimesSync: alone((path, access, change) => setTimes(find(path).node, access, change)),
    lutimesSync: alone((path, access, change) => setTimes(find(path).node, access, change)),
    fsyncSync: () => {},
    fdatasyncSync: () => {},
    readdirSync: alone(list),
    mkdirSync: alone((path) => void make(path, Kind.FOLDER)),
    rmdirSync: alone((path) => remove(path, true)),
    unlinkSync: alone((path) => remove(path, false)),
    renameSync: alone(rename),
    linkSync: alone((from, to) => {
      const { node, kind } = find(from);
      if (kind === Kind.FOLDER) fail('EPERM');
      const { folder, name } = vacant(to);
      addEntry(folder, name, node);
    }),
    symlinkSync: alone((target, path) => void write(make(path, Kind.LINK), encoder.encode(target), 0)),
    readlinkSync: alone((path) => {
      const { node, kind } = find(path);
      if (kind !== Kind.LINK) fail('EINVAL');
      const target = new Uint8Array(sizeOf(node));
      read(node, target, 0);
      return decoder.decode(target);
    }),
  };
}
