// The command line of the POSIX threads benchmark.

import { count, parse } from '../command_line.js';

export const USAGE = `usage: npm run bench:posix [-- --rounds N]

  --rounds N   of each measurement, in turns; default 5`;

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const { rounds, help } = parse(args, ['rounds'], ['help']);
  return { help, rounds: count('rounds', rounds ?? '5', 999) };
}
