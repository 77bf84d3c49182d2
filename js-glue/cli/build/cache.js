import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, changedSince, stamp } from './stamp.js';

/**
 * Results of commands, by their command lines and the files that they have read.
 *
 * KEY.json names those files, each with its time and size; beside it is the result. Both are
 * written under other names first, so that whoever runs at the same time finds none or all.
 */
const KEPT_MS = 30 * 24 * 3600 * 1000;

/** @param {unknown} what */
const keyOf = (what) => createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 40);

/** @param {string} file  @param {string | Uint8Array} content */
function replace(file, content) {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

function prune() {
  const oldest = Date.now() - KEPT_MS;
  for (const name of readdirSync(cacheFolder())) {
    const file = path.join(cacheFolder(), name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats && Math.max(stats.atimeMs, stats.mtimeMs) < oldest) rmSync(file, { force: true });
  }
}

/**
 * @typedef {object} Result
 * @property {string} file  in the cache
 * @property {string} notes  what the command said
 * @property {number} code  its exit code; not 0: there is no file
 * @property {string[]} inputs  that the command has read
 */

/**
 * The file that `make` makes, from the cache if nothing has changed.
 *
 * @param {unknown} what  all that the result depends on but the content of files
 * @param {boolean} fresh  make it in any case
 * @param {(file: string) => Promise<{ code: number, notes: string, inputs?: string[] }>} make
 *   inputs: those that show as it runs
 * @param {string} [suffix]  of the file
 * @param {string[]} [given]  inputs that are known before
 * @returns {Promise<Result>}
 */
export async function cached(what, fresh, make, suffix = 'out', given = []) {
  const base = path.join(cacheFolder(), keyOf([2, what]));
  const file = `${base}.${suffix}`;
  if (!fresh) {
    try {
      const { inputs, notes, own } = JSON.parse(readFileSync(`${base}.json`, 'utf8'));
      if (own === stamp(file) && inputs.every((/** @type {string[]} */ [input, was]) => stamp(input) === was)) {
        return { file, notes, code: 0, inputs: inputs.map((/** @type {string[]} */ [input]) => input) };
      }
    } catch { /* there is none, or half of one */ }
  }
  prune();
  const temporary = `${base}.${randomBytes(6).toString('hex')}.${suffix}`;
  try {
    const before = Date.now();
    const known = given.map((input) => [input, stamp(input)]);
    const { code, notes, inputs: found = [] } = await make(temporary);
    const inputs = [...given, ...found];
    if (code !== 0) return { file, notes, code, inputs };
    renameSync(temporary, file);
    // What was changed while the command ran may have been read before or after.
    const changed = found.some((input) => changedSince(input, before));
    known.push(...found.map((input) => [input, changed ? '?' : stamp(input)]));
    replace(`${base}.json`, JSON.stringify({ inputs: known, notes, own: stamp(file) }));
    return { file, notes, code, inputs };
  } finally {
    rmSync(temporary, { force: true });
  }
}
