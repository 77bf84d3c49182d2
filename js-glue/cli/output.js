import { parseArgs } from 'node:util';

/** A mistake on the command line. */
export class UsageError extends Error {}

/**
 * @param {string[]} args
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @param {string} help  printed for --help, which every command has
 * @param {boolean} [allowPositionals]
 * @returns {{ values: Record<string, any>, positionals: string[] } | undefined}  undefined
 *   after the help
 */
export function readOptions(args, options, help, allowPositionals = false) {
  let parsed;
  try {
    parsed = parseArgs({ args, options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals });
  } catch (error) {
    // The first sentence; Node goes on about positional arguments.
    throw new UsageError(/** @type {Error} */ (error).message.split('. ')[0].toLowerCase());
  }
  if (parsed.values.help) {
    console.log(help);
    return undefined;
  }
  return parsed;
}

const REASONS = /** @type {Record<string, string>} */ ({
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
});

/** What went wrong, in words. @param {unknown} error */
export function failure(error) {
  const { code = '', message = String(error) } = /** @type {NodeJS.ErrnoException} */ (error);
  return REASONS[code] ?? message;
}

/**
 * A table with its columns in line; the first is flush left.
 *
 * @param {string[][]} rows
 */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row
    .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
    .join('  ').trimEnd()).join('\n');
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

const PATIENCE_MS = 300;
const REDRAW_MS = 100;
const BAR = 30;

/**
 * A line on the terminal about work that takes a while; nothing where there is none.
 *
 * @param {string} label
 * @param {NodeJS.WriteStream} [stream]
 */
export function progressBar(label, stream = process.stderr) {
  const start = performance.now();
  let next = start + PATIENCE_MS;
  let drawn = false;
  const leave = () => stream.write('\n'); // interrupted: the prompt is not for this line
  return {
    /** @param {{ done: number, total: number }} progress  bytes; total 0: not known */
    update({ done, total }) {
      const time = performance.now();
      if (!stream.isTTY || time < next) return;
      next = time + REDRAW_MS;
      if (!drawn) process.once('exit', leave);
      drawn = true;
      const rate = `${size(done / (time - start) * 1000)}/s`;
      const part = total ? Math.min(1, done / total) : 0;
      const full = Math.round(part * BAR);
      const bar = total ? `[${'='.repeat(full)}${' '.repeat(BAR - full)}] ${String(Math.floor(part * 100)).padStart(3)}%` : size(done);
      const room = Math.max(10, (stream.columns || 80) - bar.length - rate.length - 5);
      const name = label.length > room ? `...${label.slice(3 - room)}` : label;
      stream.write(`\r\x1b[K${name}  ${bar}  ${rate}`);
    },
    clear() {
      if (drawn) stream.write('\r\x1b[K');
      process.off('exit', leave);
      drawn = false;
    },
  };
}
