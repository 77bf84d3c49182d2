// The command line of the benchmark in browsers.

import { list, parse } from '../command_line.js';

const ENGINES = ['chromium', 'firefox'];

export const USAGE = `usage: npm run bench:web [-- options]

The figures of weft in browsers, as a table and as JSON. Memory and digest are of a file that is
chosen in the demo.

  --engine LIST    of ${ENGINES.join(', ')}; default: those that are there
  --json FILE      where the JSON goes; default: the last line of the output`;

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const { engine, json, help } = parse(args, ['engine', 'json'], ['help']);
  return { help, json, engines: list('engine', engine, ENGINES) };
}
