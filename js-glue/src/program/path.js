import { WasiError } from './errno.js';

const LINKS_MAX = 40;

/**
 * The path on the host for a path that a program names, which never leaves the folder: neither
 * by `..`, nor by a symbolic link, nor by being absolute. No part of the result is a symbolic
 * link, except that the last one may be where `follow` is false. The last part need not exist.
 *
 * The answer holds as long as nobody changes names: the caller locks out the program's other
 * threads. It guards against the program, not against other processes.
 *
 * @param {import('./files.js').Files} files
 * @param {string} root  of the folder, without symbolic links
 * @param {string} name
 * @param {boolean} follow  a symbolic link at the end
 * @returns {{ file: string, slash: boolean }}  slash: it shall be a folder
 */
export function resolve(files, root, name, follow) {
  if (name === '') throw new WasiError('ENOENT');
  if (name.includes('\0')) throw new WasiError('EINVAL');
  if (name.startsWith('/') || files.isForeign(name)) throw new WasiError('ENOTCAPABLE');
  const slash = /\/\.{0,2}$/.test(name);
  /** Parts still to go, the next one last. */
  const ahead = name.split('/').reverse();
  /** @type {string[]} */
  const behind = [];
  const here = () => files.join(root, ...behind);
  for (let links = 0; ahead.length > 0; ) {
    const part = /** @type {string} */ (ahead.pop());
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (behind.length === 0) throw new WasiError('ENOTCAPABLE');
      behind.pop();
      continue;
    }
    behind.push(part);
    const last = ahead.every((rest) => rest === '' || rest === '.');
    const found = files.lstatSync(here());
    if (found?.isSymbolicLink() && (!last || follow || slash)) {
      if (++links > LINKS_MAX) throw new WasiError('ELOOP');
      const target = files.readlinkSync(here());
      if (files.isAbsolute(target)) throw new WasiError('ENOTCAPABLE');
      behind.pop();
      ahead.push(...target.split('/').reverse());
    } else if (!last) {
      if (!found) throw new WasiError('ENOENT');
      if (!found.isDirectory()) throw new WasiError('ENOTDIR');
    } else if (slash && found && !found.isDirectory()) {
      throw new WasiError('ENOTDIR');
    }
  }
  return { file: here(), slash };
}
