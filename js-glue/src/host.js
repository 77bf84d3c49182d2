/**
 * What the runtime asks of the place where it runs. node.js and browser.js build one
 * each; nothing else asks where it is.
 *
 * @typedef {object} Host
 * @property {() => { count: number, rule: string }} cpus  CPUs that this process may use,
 *   and what decided
 * @property {(name: string) => string | undefined} variable  an environment variable
 * @property {boolean} maySleep  the calling thread may block
 * @property {(message: string, cause: any) => void} [warn]  of what no call can be told
 * @property {(callback: () => void) => void} later  calls it in a later turn of the event loop
 * @property {() => number} now  nanoseconds of a monotonic clock, one origin for all threads
 * @property {(fd: 1 | 2, bytes: Uint8Array) => void} write  to standard output or error
 * @property {(source: URL | string) => Promise<Uint8Array>} readBytes
 * @property {(bytes: Uint8Array) => Promise<WebAssembly.Module>} [compile]  where it can make
 *   use of what readBytes knows of them
 * @property {() => Promise<string>} [whyUnshared]  why there is no SharedArrayBuffer
 * @property {(source: URL | string) => string} resolveModule  the URL to import a module of
 *   tasks by
 * @property {string} taskWorker  the URL of the module that runs tasks in a worker
 * @property {string} soloTaskWorker  and on the calling thread, where there are no workers
 * @property {(source: URL | string) => Promise<LoadedScript>} loadScript  Emscripten's file
 * @property {URL} stockModule  the kernels that ship with the package
 * @property {(source: URL | string) => Promise<import('./hash-source.js').Reader | StreamSource>} openFile
 * @property {(settings: import('./options.js').Settings) => ThreadWorker} createWorker
 *   one that runs worker.js, or worker-browser.js
 * @property {(worker: any) => ThreadWorker} adoptWorker  one that Emscripten created
 *
 * @typedef {object} LoadedScript
 * @property {import('./options.js').EmscriptenFactory} factory
 * @property {URL | string} wasm  the file beside it
 *
 * @typedef {{ stream: () => ReadableStream | null, size?: number }} StreamSource  as a Blob
 *
 * A worker. It does not keep the process alive.
 * @typedef {object} ThreadWorker
 * @property {(message: import('./protocol.js').StartMessage) => void} post
 * @property {() => Promise<unknown>} terminate
 * @property {{ thread: number, argument: number }} [runs]  the thread of C that it runs
 * @property {(listener: (message: unknown) => void) => void} onMessage
 * @property {(listener: (reason: string, cause?: unknown) => void) => void} onEnd  called
 *   once when it has ended, whatever the reason
 */

export {};
