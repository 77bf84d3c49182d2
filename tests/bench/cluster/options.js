// The command line of the cluster benchmark.

import { count, parse } from '../command_line.js';

export const USAGE = `usage: npm run bench:cluster [-- --rounds N]

  --rounds N   of each measurement, in turns; default 7`;

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const { rounds, help } = parse(args, ['rounds'], ['help']);
  return { help, rounds: count('rounds', rounds ?? '7', 999) };
}
