import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, changedSince, findClangs, stamp } from './stamp.js';

/**
 * Notes of builds that have gone well and in silence: all that a build has read and written, with
 * its stamps. The same command has nothing to do as long as none of them changes; to find that
 * out takes these lines alone, and none of what builds.
 */

/** What the compilers, or weft, take from the environment. */
const VARIABLES = ['PATH', 'CC', 'CPATH', 'C_INCLUDE_PATH', 'EM_CONFIG', 'WASI_SYSROOT', 'WEFT_CC', 'WEFT_EMCC', 'WEFT_SDK'];

/** The folder of weft itself: another one, or another time, once it has been installed anew. */
const OWN = path.dirname(fileURLToPath(import.meta.url));

/** @param {string[]} args  @returns {string | undefined}  of the same command, with the same compilers; undefined: no such command */
function keyOf(args) {
  if (args.some((arg) => arg === '--watch' || arg === '--no-cache')) return undefined;
  const programs = [OWN, ...findClangs()].map((file) => [file, stamp(file)]);
  return JSON.stringify([process.cwd(), args, VARIABLES.map((name) => process.env[name]), programs]);
}

/** The notes have the whole key, so this need not be unique. @param {string} key */
function fileOf(key) {
  let hash = 0x811c9dc5; // FNV-1a
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return path.join(cacheFolder(), `done-${(hash >>> 0).toString(16)}.json`);
}

/** Whether all is there as the command has left it. @param {string[]} args  of weft build */
export function isDone(args) {
  try {
    const key = keyOf(args);
    if (key === undefined) return false;
    const { key: noted, stamps } = JSON.parse(readFileSync(fileOf(key), 'utf8'));
    return noted === key && stamps.every((/** @type {string[]} */ [file, was]) => stamp(file) === was);
  } catch {
    return false; // there are none
  }
}

/**
 * @param {string[]} args  of weft build
 * @param {Iterable<string>} inputs  @param {Iterable<string>} outputs
 * @param {number} since  when the build began: what has changed since may not be what it has read
 */
export function noteDone(args, inputs, outputs, since) {
  const key = keyOf(args);
  const read = [...inputs];
  if (key === undefined || read.some((file) => changedSince(file, since))) return;
  const stamps = [...read, ...outputs].map((file) => [file, stamp(file)]);
  const file = fileOf(key);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ key, stamps }));
  renameSync(`${file}.${process.pid}`, file);
}
