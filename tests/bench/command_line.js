// What the command lines of the benchmarks have in common.

import fs from 'node:fs';
import path from 'node:path';
import { UsageError, parse as parseStrictly, runMain } from '../setup/command_line.js';

/** A whole number from 1 to `max`; undefined where the option was not given. */
export function count(name, text, max) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not "${text}"`);
}

/** A list of known names, in the order of `known`, which is also the default. */
export function list(name, text, known) {
  if (text === undefined) return known;
  const names = text.split(',').map((word) => word.trim()).filter(Boolean);
  const strange = names.find((word) => !known.includes(word));
  if (strange !== undefined) {
    throw new UsageError(`--${name}: there is no "${strange}"; known: ${known.join(', ')}`);
  }
  if (names.length === 0) throw new UsageError(`--${name} needs at least one of: ${known.join(', ')}`);
  return known.filter((word) => names.includes(word));
}

/** @param {string[]} args  @param {string[]} texts  options with a value  @param {string[]} flags */
export function parse(args, texts, flags) {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: 'string' }]),
    ...flags.map((name) => [name, { type: 'boolean', default: false }]),
  ]);
  return parseStrictly({ args, options });
}

/** Names for a help text, in lines that begin `indent` columns from the left. */
export function fold(names, indent) {
  return names.join(', ').replace(/(.{50,64}?,) /g, `$1\n${' '.repeat(indent)}`);
}

/** One line that is written over on a terminal and left away elsewhere. */
export function progressLine(name) {
  if (!process.stdout.isTTY) return () => {};
  return (text) => process.stdout.write(`\r\x1b[2K${text && `  ${name}: ${text}`}`);
}

/**
 * @param {{ json: string, html: string }} files
 * @param {object} report
 * @param {string} page  the same as HTML
 */
export function writeReports(files, report, page) {
  for (const file of [files.json, files.html]) fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(files.json, `${JSON.stringify(report, null, 2)}\n`);
  fs.writeFileSync(files.html, page);
  console.log(`\nwritten: ${files.json}\n         ${files.html}`);
}

/**
 * Runs a benchmark with the options of this process; with --help only prints what there are.
 *
 * @param {{ USAGE: string, readOptions: (args: string[]) => { help: boolean } }} commandLine
 * @param {(options: any) => unknown} main  its exit code, if not 0
 */
export function runWithOptions({ USAGE, readOptions }, main) {
  return runMain(() => {
    const options = readOptions(process.argv.slice(2));
    return options.help ? console.log(USAGE) : main(options);
  });
}
