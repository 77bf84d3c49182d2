// The command line of the ladder.

import os from 'node:os';
import path from 'node:path';
import { UsageError } from '../setup/command_line.js';
import { count, list, parse } from './command_line.js';
import { OUT_DIR } from './paths.js';
import { fileComplaint, rungIds, workloads } from './workloads.js';

const REPEATS = 15;
const REPEATS_QUICK = 3;
const THREADS_MAX = 128;

export const USAGE = `usage: npm start [-- options], or node tests/bench/ladder.js [options] after it

The same real work on every rung, from one thread of JavaScript to weft, with every
result checked. Prints tables, writes JSON and one HTML page.

  --only LIST      workloads, of: ${Object.keys(workloads).join(', ')}
  --rungs LIST     rungs, of: ${rungIds.slice(0, 7).join(', ')},
                   ${rungIds.slice(7).join(', ')}
  --threads N      threads of the parallel rungs; default: CPUs of this process (${os.availableParallelism()})
  --repeats N      most repeats of a rung; default ${REPEATS}; slow rungs get fewer
  --quick          ${REPEATS_QUICK} repeats, a look and no measurement
  --file FILE      what BLAKE3 hashes; default: the running node executable
  --out DIR        for everything that is written; default build/ladder
  --json FILE      default ladder.json in DIR
  --html FILE      default ladder.html in DIR
  --help           this text

Exit code: 0 all results right, 1 a wrong result or a failed rung, 2 bad options.`;

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const values = parse(args,
    ['only', 'rungs', 'threads', 'repeats', 'file', 'out', 'json', 'html'], ['quick', 'help']);
  const outDir = path.resolve(values.out ?? OUT_DIR);
  const options = {
    help: values.help,
    only: list('only', values.only, Object.keys(workloads)),
    rungs: list('rungs', values.rungs, rungIds),
    threads: count('threads', values.threads ?? String(os.availableParallelism()), THREADS_MAX),
    repeats: count('repeats', values.repeats ?? String(values.quick ? REPEATS_QUICK : REPEATS), 1000),
    quick: values.quick,
    file: path.resolve(values.file ?? process.execPath),
    outDir,
    json: path.resolve(values.json ?? path.join(outDir, 'ladder.json')),
    html: path.resolve(values.html ?? path.join(outDir, 'ladder.html')),
  };
  const complaint = options.only.includes('blake3') && !options.help && fileComplaint(options.file);
  if (complaint) throw new UsageError(`--file: ${complaint}`);
  return options;
}
