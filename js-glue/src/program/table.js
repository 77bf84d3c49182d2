import { lockWord, stayUnlessEnding } from './ending.js';
import { WasiError } from './errno.js';
import { ENDING } from './thread.js';

/**
 * The open files of a program, in memory that all of its threads share. A descriptor of the
 * operating system belongs to the whole process, so every thread serves its own calls; only
 * what Node does not keep there is kept here: the position, which Node cannot seek, and the
 * folder's path, as Node cannot open a file relative to a descriptor.
 *
 * Word | means
 * -----|------
 *    0 | not 0 once the program is ending
 *    1 | lock of the table: who opens, closes, or changes names
 *
 * and 16 words for each descriptor from word 16 on, the fields below. A field is changed under
 * the table's lock and the descriptor's own; POSITION under the descriptor's alone.
 */
const DESCRIPTORS = 1024;
const RECORD = 16;
const PATH_BYTES = 4096;
const PATHS = (DESCRIPTORS + 1) * RECORD * 4;

const TABLE_LOCK = 1;

const Field = Object.freeze({ KIND: 0, SYSTEM: 1, FLAGS: 2, LOCK: 3, POSITION: 4, TYPE: 6, PREOPEN: 7, PATH: 8 });

export const Kind = Object.freeze({ CLOSED: 0, STREAM: 1, FILE: 2, FOLDER: 3 });

/**
 * @typedef {object} Opened
 * @property {number} kind
 * @property {number} type  file type of WASI
 * @property {number} [system]  descriptor of the operating system
 * @property {number} [flags]  fdflags of WASI
 * @property {number} [preopen]  number of the folder that the program starts with, from 1
 * @property {string} [path]  of a folder on the host, without symbolic links
 */

export class Table {
  /** @param {SharedArrayBuffer} [buffer]  of another thread's */
  constructor(buffer = new SharedArrayBuffer(PATHS + DESCRIPTORS * PATH_BYTES)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.longs = new BigInt64Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** A thread of a program that is ending goes no further. */
  check() {
    stayUnlessEnding(this.words, ENDING);
  }

  /** @param {number} word  @returns {() => void} */
  #lock(word) {
    return lockWord(this.words, word);
  }

  /** Runs `run` while nobody else opens, closes or renames. @template T @param {() => T} run */
  alone(run) {
    const unlock = this.#lock(TABLE_LOCK);
    try {
      return run();
    } finally {
      unlock();
    }
  }

  /** Runs `run` while nobody else closes or moves the descriptor. @template T @param {number} fd @param {(record: Descriptor) => T} run */
  with(fd, run) {
    if (fd < 0 || fd >= DESCRIPTORS) throw new WasiError('EBADF');
    const unlock = this.#lock((fd + 1) * RECORD + Field.LOCK);
    try {
      return run(this.get(fd));
    } finally {
      unlock();
    }
  }

  /** @param {number} fd */
  get(fd) {
    if (fd < 0 || fd >= DESCRIPTORS || this.words[(fd + 1) * RECORD] === Kind.CLOSED) throw new WasiError('EBADF');
    return new Descriptor(this, (fd + 1) * RECORD);
  }

  /** @param {Opened} opened  @returns {number} the lowest descriptor that was free; under `alone` */
  add({ kind, type, system = -1, flags = 0, preopen = 0, path = '' }) {
    const text = new TextEncoder().encode(path);
    if (text.length > PATH_BYTES) throw new WasiError('ENAMETOOLONG');
    for (let fd = 0; fd < DESCRIPTORS; fd++) {
      const at = (fd + 1) * RECORD;
      if (Atomics.load(this.words, at) !== Kind.CLOSED) continue;
      this.words[at + Field.SYSTEM] = system;
      this.words[at + Field.FLAGS] = flags;
      this.words[at + Field.TYPE] = type;
      this.words[at + Field.PREOPEN] = preopen;
      this.words[at + Field.PATH] = text.length;
      this.longs[(at + Field.POSITION) / 2] = 0n;
      this.bytes.set(text, PATHS + fd * PATH_BYTES);
      Atomics.store(this.words, at, kind);
      return fd;
    }
    throw new WasiError('EMFILE');
  }

  /** @param {number} fd  @returns {number} the system's descriptor that is to be closed, or -1; under `alone` and `with` */
  remove(fd) {
    const at = (fd + 1) * RECORD;
    const system = this.words[at + Field.SYSTEM];
    Atomics.store(this.words, at, Kind.CLOSED);
    return system > 2 ? system : -1; // Node itself needs the standard streams
  }

  /** @param {number} from  @param {number} to  both open; under `alone` and `with` for both */
  move(from, to) {
    const [source, target] = [(from + 1) * RECORD, (to + 1) * RECORD];
    const system = this.remove(to);
    for (let field = 0; field < RECORD; field++) {
      if (field !== Field.LOCK) this.words[target + field] = this.words[source + field];
    }
    const path = PATHS + from * PATH_BYTES;
    this.bytes.copyWithin(PATHS + to * PATH_BYTES, path, path + PATH_BYTES);
    Atomics.store(this.words, source, Kind.CLOSED);
    return system;
  }
}

/** One open file. */
class Descriptor {
  /** @param {Table} table  @param {number} at */
  constructor(table, at) {
    this.table = table;
    this.at = at;
  }

  /** @param {number} field */
  #read(field) {
    return this.table.words[this.at + field];
  }

  get kind() { return this.#read(Field.KIND); }
  get system() { return this.#read(Field.SYSTEM); }
  get type() { return this.#read(Field.TYPE); }
  get preopen() { return this.#read(Field.PREOPEN); }
  get flags() { return this.#read(Field.FLAGS); }
  set flags(flags) { this.table.words[this.at + Field.FLAGS] = flags; }
  get position() { return this.table.longs[(this.at + Field.POSITION) / 2]; }
  set position(position) { this.table.longs[(this.at + Field.POSITION) / 2] = position; }

  get path() {
    const start = PATHS + (this.at / RECORD - 1) * PATH_BYTES;
    return new TextDecoder().decode(this.table.bytes.slice(start, start + this.#read(Field.PATH)));
  }
}

/** @typedef {Descriptor} DescriptorType */
