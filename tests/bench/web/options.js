// The command line of the benchmark in browsers.

import { list, parse } from '../command_line.js';

const ENGINES = ['chromium', 'firefox'];
const SECTIONS = ['figures', 'memory'];

export const USAGE = `usage: npm run bench:web [-- options]

The figures of weft in browsers, as a table and as JSON. Memory and digest are of a file that is
chosen in the demo.

  --engine LIST    of ${ENGINES.join(', ')}; default: those that are there
  --sections LIST  of ${SECTIONS.join(', ')} (of hashing a file of 3 GiB); default: all
  --json FILE      where the JSON goes; default: the last line of the output`;

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const { engine, sections, json, help } = parse(args, ['engine', 'sections', 'json'], ['help']);
  return { help, json, engines: list('engine', engine, ENGINES), sections: list('sections', sections, SECTIONS) };
}
