import fs from 'node:fs';
import path from 'node:path';

/** The disk's files. @type {import('./files.js').Files} */
export const nodeFiles = {
  ...fs,
  constants: /** @type {any} */ (fs.constants),
  join: path.join,
  isAbsolute: path.isAbsolute,
  isForeign: (name) => path.sep === '\\' && /[\\:]/.test(name),
  fstatSync: (fd) => fs.fstatSync(fd, { bigint: true }),
  statSync: (file) => fs.statSync(file, { bigint: true }),
  lstatSync: (file) => fs.lstatSync(file, { bigint: true, throwIfNoEntry: false }),
  readdirSync: (folder) => fs.readdirSync(folder),
};
