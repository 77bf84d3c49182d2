/**
 * What the calls on files ask of the place where these are: the names and the meaning are those
 * of node:fs, errors have its codes. node-files.js has the disk's, memory-files.js those of a
 * program in a browser.
 *
 * @typedef {object} Stats
 * @property {() => boolean} isFile
 * @property {() => boolean} isDirectory
 * @property {() => boolean} isSymbolicLink
 * @property {() => boolean} isCharacterDevice
 * @property {() => boolean} isBlockDevice
 * @property {() => boolean} isFIFO
 * @property {() => boolean} isSocket
 *
 * @typedef {Stats & Record<'dev' | 'ino' | 'nlink' | 'size' | 'atimeNs' | 'mtimeNs' | 'ctimeNs', bigint>} FullStats
 *
 * @typedef {object} Files
 * @property {Record<string, number>} constants
 * @property {(...parts: string[]) => string} join
 * @property {(path: string) => boolean} isAbsolute
 * @property {(name: string) => boolean} isForeign  a name that means more here than in a program
 * @property {(path: string, flags: number, mode: number) => number} openSync
 * @property {(fd: number) => void} closeSync
 * @property {(fd: number, target: Uint8Array, offset: number, length: number, position: number | null) => number} readSync
 * @property {(fd: number, source: Uint8Array, offset: number, length: number, position: number | null) => number} writeSync
 * @property {(fd: number) => FullStats} fstatSync
 * @property {(path: string) => FullStats} statSync
 * @property {(path: string) => FullStats | undefined} lstatSync  undefined: there is none
 * @property {(fd: number, length: number) => void} ftruncateSync
 * @property {(fd: number, access: number, change: number) => void} futimesSync  in seconds
 * @property {(path: string, access: number, change: number) => void} utimesSync
 * @property {(path: string, access: number, change: number) => void} lutimesSync
 * @property {(fd: number) => void} fsyncSync
 * @property {(fd: number) => void} fdatasyncSync
 * @property {(path: string) => string[]} readdirSync
 * @property {(path: string, mode: number) => void} mkdirSync
 * @property {(path: string) => void} rmdirSync
 * @property {(path: string) => void} unlinkSync
 * @property {(from: string, to: string) => void} renameSync
 * @property {(from: string, to: string) => void} linkSync
 * @property {(target: string, path: string) => void} symlinkSync
 * @property {(path: string) => string} readlinkSync
 */

export {};
