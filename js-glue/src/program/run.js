import { WeftError } from '../errors.js';
import { mustKnow, show } from '../show.js';
import { createMemory } from '../module.js';
import { readSignatures } from '../signature.js';
import { isWasm } from '../signature-rare.js';
import { whatIsWrong } from './check.js';
import { FILES_BYTES_MIN, createMemoryFiles, formatFiles } from './memory-files.js';
import { FileType } from './stat.js';
import { drainOutput, feedInput, makeStreams } from './streams.js';
import { Kind, Table } from './table.js';

const GIB = 2 ** 30;
const OPTIONS = ['args', 'name', 'env', 'stdin', 'stdout', 'stderr', 'files', 'memoryBytes', 'fileBytes', 'signal'];

/**
 * @typedef {object} ProgramOptions
 * @property {string[]} [args]  after the program's name
 * @property {string} [name]  of the program, its argv[0]; default: its file's
 * @property {Record<string, string>} [env]  default: empty
 * @property {string | ArrayBuffer | ArrayBufferView | Input} [stdin]  text, bytes, or whatever
 *   gives such pieces: a ReadableStream, a generator; it is asked when the program reads.
 *   Default: empty
 * @property {Output} [stdout]  is called with each piece, in the order in which the program's
 *   threads wrote; when it returns a promise, the next piece waits for that. Default: the text
 *   is collected in the result
 * @property {Output} [stderr]
 * @property {Record<string, string | ArrayBuffer | ArrayBufferView>} [files]  what the program
 *   finds, by path; its working folder is `/`
 * @property {number} [memoryBytes]  of the program, halved until the host grants it; default 1 GiB
 * @property {number} [fileBytes]  for files, halved until the host grants it; default 1 GiB.
 *   Both are addresses: memory is taken as it is used
 * @property {AbortSignal} [signal]  ends the program
 *
 * @typedef {AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array> | ReadableStream} Input
 * @typedef {(bytes: Uint8Array) => unknown} Output
 *
 * How a program has ended.
 * @typedef {object} ProgramResult
 * @property {number} code  what main returned, or any thread gave to exit()
 * @property {string} stdout  what was collected
 * @property {string} stderr
 * @property {ProgramFiles} files  as the program left them
 *
 * @typedef {object} ProgramFiles
 * @property {() => string[]} keys  the paths of all files, in order
 * @property {(path: string) => boolean} has
 * @property {(path: string) => Uint8Array | undefined} get  a copy of the contents
 *
 * A worker that runs the threads of a program.
 * @typedef {object} ProgramWorker
 * @property {(message: import('./thread.js').ProgramMessage) => void} post
 * @property {() => unknown} terminate
 *
 * Where a program runs.
 * @typedef {object} ProgramHost
 * @property {() => { count: number }} cpus
 * @property {(source: URL | string) => Promise<Uint8Array>} readBytes
 * @property {(bytes: Uint8Array) => Promise<WebAssembly.Module>} compile
 * @property {() => Promise<string>} [whyUnshared]
 * @property {(on: (report: import('./thread.js').ProgramReport) => void, failed: (error: unknown) => void) => ProgramWorker} createWorker
 */

/** @param {string} what  @param {unknown} value  @param {string} wanted  @returns {never} */
function refuse(what, value, wanted) {
  throw new WeftError('WEFT_ERR_INVALID', `runProgram: ${what} must be ${wanted}, got ${show(value)}`);
}

/** @param {string} what  @param {unknown} value  @returns {Uint8Array} */
function toBytes(what, value) {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return refuse(what, value, 'a string, an array buffer or a view of one');
}

/** @param {unknown} stdin  @returns {AsyncIterator<string | Uint8Array> | Iterator<string | Uint8Array>} */
function toInput(stdin) {
  const input = /** @type {any} */ (stdin ?? '');
  if (typeof input === 'string' || ArrayBuffer.isView(input) || input instanceof ArrayBuffer) {
    return [toBytes('stdin', input)][Symbol.iterator]();
  }
  if (typeof input[Symbol.asyncIterator] === 'function') return input[Symbol.asyncIterator]();
  if (typeof input[Symbol.iterator] === 'function') return input[Symbol.iterator]();
  if (typeof input.getReader !== 'function') refuse('stdin', stdin, 'text, bytes, a stream or an iterable');
  const reader = input.getReader(); // a stream of a browser that cannot iterate it
  return { next: () => reader.read() };
}

/** @param {unknown} bytes  @param {string} name  @param {number} least */
function size(bytes, name, least) {
  if (bytes === undefined) return GIB;
  if (typeof bytes === 'number' && Number.isInteger(bytes) && bytes >= least && bytes <= 4 * GIB) return bytes;
  return refuse(name, bytes, `an integer from ${least} to 2^32`);
}

/** @param {unknown} value  @param {string} name  @param {(each: any) => boolean} fits  @param {string} wanted */
function check(value, name, fits, wanted) {
  if (value !== undefined && !fits(value)) refuse(name, value, wanted);
}

const isTextMap = (/** @type {any} */ map) => typeof map === 'object' && map !== null && Object.values(map).every((each) => typeof each === 'string');

/** @param {ProgramOptions} options */
function checkOptions(options) {
  if (typeof options !== 'object' || options === null) refuse('the options', options, 'an object');
  mustKnow('runProgram', options, OPTIONS);
  const isFunction = (/** @type {any} */ each) => typeof each === 'function';
  check(options.args, 'args', (args) => Array.isArray(args) && args.every((each) => typeof each === 'string'), 'an array of strings');
  check(options.name, 'name', (name) => typeof name === 'string', 'a string');
  check(options.env, 'env', isTextMap, 'an object of strings');
  check(options.stdout, 'stdout', isFunction, 'a function');
  check(options.stderr, 'stderr', isFunction, 'a function');
  check(options.files, 'files', (files) => typeof files === 'object' && files !== null, 'an object');
  check(options.signal, 'signal', (signal) => typeof signal?.addEventListener === 'function', 'an AbortSignal');
}

/** @param {WebAssembly.Memory} memory  @param {ProgramOptions['files']} contents */
function fillFiles(memory, contents = {}) {
  const files = createMemoryFiles(memory);
  const { O_CREAT, O_TRUNC, O_WRONLY } = files.constants;
  for (const [name, content] of Object.entries(contents)) {
    const bytes = toBytes(`files[${show(name)}]`, content);
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.length === 0 || parts.includes('..') || name.includes('\0')) refuse('a path in files', name, 'that of a file');
    try {
      for (let count = 1; count < parts.length; count++) {
        const folder = files.join(...parts.slice(0, count));
        if (!files.lstatSync(folder)) files.mkdirSync(folder, 0o777);
      }
      const fd = files.openSync(files.join(...parts), O_WRONLY | O_CREAT | O_TRUNC, 0o666);
      if (files.writeSync(fd, bytes, 0, bytes.length, 0) < bytes.length) throw Object.assign(new Error(), { code: 'ENOSPC' });
      files.closeSync(fd);
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      throw new WeftError(code === 'ENOSPC' ? 'WEFT_ERR_NOMEM' : 'WEFT_ERR_INVALID',
        `runProgram: the file ${name} cannot be made: ${code === 'ENOSPC' ? 'fileBytes is too small' : code}`, { cause: error });
    }
  }
}

/** @param {WebAssembly.Memory} memory  of a program that has ended  @returns {ProgramFiles} */
function viewFiles(memory) {
  const files = createMemoryFiles(memory);
  const isFile = (/** @type {string} */ path) => {
    try {
      return files.lstatSync(files.join(path))?.isFile() ?? false;
    } catch {
      return false; // below a file
    }
  };
  /** @param {string} folder  @returns {string[]} */
  const list = (folder) => files.readdirSync(folder).sort().flatMap((name) => {
    const path = files.join(folder, name);
    return files.lstatSync(path)?.isDirectory() ? list(path) : isFile(path) ? [path] : [];
  });
  return {
    keys: () => list('/').map((path) => path.slice(1)).sort(),
    has: isFile,
    get(path) {
      if (!isFile(path)) return undefined;
      const fd = files.openSync(files.join(path), files.constants.O_RDONLY, 0);
      const bytes = new Uint8Array(Number(files.fstatSync(fd).size));
      files.readSync(fd, bytes, 0, bytes.length, 0);
      files.closeSync(fd);
      return bytes;
    },
  };
}

/** @param {ProgramHost} host  @param {unknown} source  @param {string} [name] */
async function load(host, source, name) {
  const from = /** @type {any} */ (source);
  const isName = from instanceof URL || (typeof from === 'string' && from !== '');
  if (!isName && !ArrayBuffer.isView(from) && !(from instanceof ArrayBuffer)) refuse('the program', source, 'a .wasm file\'s URL, or its bytes');
  const label = name ?? (isName ? String(from).replace(/[?#].*$/s, '').replace(/^.*[\\/]/s, '') : 'program.wasm');
  const bytes = isName ? await host.readBytes(from) : toBytes('the program', from);
  /** @param {string} what  @param {unknown} [cause]  @returns {never} */
  const bad = (what, cause) => {
    throw new WeftError('WEFT_ERR_MODULE', what, { cause });
  };
  if (!isWasm(bytes)) bad(`${label} is not a WebAssembly module: its first bytes are not "\\0asm"`);
  let facts;
  let module;
  try {
    facts = readSignatures(bytes);
    module = await host.compile(bytes);
  } catch (error) {
    return bad(`${label} cannot be compiled: ${/** @type {Error} */ (error).message}`, error);
  }
  const wrong = whatIsWrong(label, facts, module);
  if (wrong) bad(wrong);
  return { label, module, limits: facts.memory };
}

/** The standard streams as a terminal's, so that a line is out when it ends, and the files. */
function makeTable() {
  const table = new Table();
  table.add({ kind: Kind.STREAM, type: FileType.UNKNOWN, system: 0 });
  for (const system of [1, 2]) table.add({ kind: Kind.STREAM, type: FileType.CHARACTER_DEVICE, system });
  table.add({ kind: Kind.FOLDER, type: FileType.FOLDER, path: '/', preopen: 1 });
  return table;
}

/** @param {number} thread  @param {import('./thread.js').Failure} failure */
function trapOf(thread, { name, message, stack }) {
  const cause = Object.assign(new Error(message), { name, stack });
  const deep = name === 'StackOverflow' || name === 'RangeError' || name === 'InternalError';
  return new WeftError(deep ? 'WEFT_ERR_STACK' : 'WEFT_ERR_TRAP', `${thread === 0 ? 'main' : `thread ${thread}`} failed: ${message}`, { cause });
}

/**
 * Runs a C program with POSIX threads to its end, each thread on a worker of its own.
 *
 * @param {ProgramHost} host
 * @param {URL | string | ArrayBuffer | ArrayBufferView} source
 * @param {ProgramOptions} options
 * @returns {Promise<ProgramResult>}
 */
export async function runOn(host, source, options) {
  checkOptions(options);
  const { args = [], env = {}, signal } = options;
  const memoryBytes = size(options.memoryBytes, 'memoryBytes', 65536);
  const fileBytes = size(options.fileBytes, 'fileBytes', FILES_BYTES_MIN);
  const input = toInput(options.stdin);
  const cancelled = () => new WeftError('WEFT_ERR_CANCELLED', 'the program was ended by its signal', { cause: signal?.reason });
  if (signal?.aborted) throw cancelled();
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new WeftError('WEFT_ERR_UNSUPPORTED', `threads need shared memory, which is not to be had here: ${await host.whyUnshared?.() ?? 'there is no SharedArrayBuffer'}`);
  }
  const { label, module, limits } = await load(host, source, options.name);
  const memory = limits?.imported ? createMemory(memoryBytes, limits) : undefined;
  const files = formatFiles(createMemory(fileBytes, { shared: true, minimum: Math.ceil(FILES_BYTES_MIN / 65536) * 65536, maximum: undefined }));
  fillFiles(files, options.files);
  if (signal?.aborted) throw cancelled();

  const streams = makeStreams();
  const threadIds = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(threadIds), 0, 1);
  const settings = { cpus: host.cpus().count, args: [label, ...args], env, preopens: ['/'], table: makeTable().buffer, threadIds, files, streams };

  const collected = { 1: new TextDecoder(), 2: new TextDecoder() };
  const texts = { 1: '', 2: '' };
  /** @param {1 | 2} fd  @param {Uint8Array} bytes */
  const write = (fd, bytes) => {
    const to = fd === 1 ? options.stdout : options.stderr;
    if (to) return to(bytes);
    texts[fd] += collected[fd].decode(bytes, { stream: true });
    return undefined;
  };
  const feed = feedInput(streams, input);

  /** @type {ProgramWorker[]} */
  const all = [];
  /** @type {ProgramWorker[]} */
  const idle = [];
  /** One after the other, in order. */
  let draining = Promise.resolve();
  let stop = () => {};
  try {
    /** @type {{ code: number } | { error: unknown }} */
    const end = await new Promise((resolve) => {
      const fail = (/** @type {unknown} */ error) => resolve({ error });
      const drain = () => draining = draining.then(() => drainOutput(streams, write)).catch(fail);

      /** @returns {ProgramWorker} */
      function hire() {
        const worker = host.createWorker((report) => {
          switch (report.type) {
            case 'program:output': return void drain();
            case 'program:input': return void feed().catch(fail);
            case 'program:spawn': return start(report.thread, report.argument);
            case 'program:idle': return void idle.push(worker);
            case 'program:failed': return fail(trapOf(report.thread, report.error));
            case 'program:exit': return resolve({ code: report.code });
          }
        }, (error) => fail(new WeftError('WEFT_ERR_WORKER', `a worker of the program ended: ${/** @type {any} */ (error)?.message ?? error}`, { cause: error })));
        all.push(worker);
        return worker;
      }

      /** @param {number} thread  @param {number} argument */
      function start(thread, argument) {
        try {
          (idle.pop() ?? hire()).post({ module, memory, thread, argument, settings });
        } catch (error) {
          fail(new WeftError('WEFT_ERR_WORKER', `no worker could be started: ${/** @type {Error} */ (error).message}`, { cause: error }));
        }
      }

      stop = () => fail(cancelled());
      signal?.addEventListener('abort', stop, { once: true });
      start(0, 0);
    });
    await draining;
    await drainOutput(streams, write); // what came since
    if (!('error' in end)) return { code: end.code, stdout: texts[1] + collected[1].decode(), stderr: texts[2] + collected[2].decode(), files: viewFiles(files) };
    // What it had printed often tells why.
    throw end.error instanceof WeftError ? Object.assign(end.error, { stdout: texts[1], stderr: texts[2] }) : end.error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.all(all.map((worker) => worker.terminate()));
    input.return?.();
  }
}
