import { watch } from 'node:fs';
import path from 'node:path';
import { changedSince } from './stamp.js';

/**
 * Watches what a build has read, from before it reads until after it has ended.
 *
 * Which folders those are is known for certain at the end of a build only. So whoever watches
 * one from then on asks whether something in it has changed since the build began: no change is
 * lost, whenever it comes.
 */

/** The folders in which the compiler looks for headers. @param {string[]} options */
function includeFolders(options) {
  return options.flatMap((word, at) => {
    const [, joined] = /^-(?:I|iquote|isystem|idirafter)(.*)$/.exec(word) ?? [];
    return joined === undefined ? [] : [joined === '' ? options[at + 1] : joined];
  });
}

/**
 * Begins to watch; the build comes afterwards.
 *
 * @param {import('./options.js').Job} job
 */
export function watchInputs(job) {
  const since = Date.now();
  /** @type {Map<string, import('node:fs').FSWatcher | undefined>} undefined: there is no such folder */
  const watchers = new Map();
  let report = () => {};
  const changed = new Promise((resolve) => { report = () => resolve(undefined); });

  const given = [...job.sources, ...job.objects].map((file) => path.resolve(file));
  // A source or header that is new there may be one that has been missing.
  const searched = new Set([...given.map((file) => path.dirname(file)), ...includeFolders(job.compile).map((folder) => path.resolve(folder))]);
  const isInput = (/** @type {string} */ file) => job.inputs.has(file) || given.includes(file);

  /** @param {string} folder */
  function open(folder) {
    try {
      const watcher = watch(folder, (_, name) => {
        if (name === null || isInput(path.join(folder, name)) || (searched.has(folder) && /\.[ch]$/.test(name))) report();
      });
      return watcher.on('error', report); // the folder is gone
    } catch {
      return undefined;
    }
  }

  /** Watches the folders that are not yet watched. @returns {Set<string>} */
  function follow() {
    const folders = new Set([...searched, ...[...job.inputs].map((input) => path.dirname(input))]);
    const found = new Set([...folders].filter((folder) => !watchers.has(folder)));
    for (const folder of found) watchers.set(folder, open(folder));
    return found;
  }
  follow();

  return {
    /** The build has ended. @returns {Promise<unknown>} until something of it changes, or has changed since it began */
    next() {
      const found = follow();
      for (const input of job.inputs) if (found.has(path.dirname(input)) && changedSince(input, since)) report();
      return changed;
    },
    close() {
      for (const watcher of watchers.values()) watcher?.close();
    },
  };
}
