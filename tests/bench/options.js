// The command line of the ladder.

import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { OUT_DIR } from './paths.js';
import { fileComplaint, rungIds, workloads } from './workloads.js';

const REPEATS = 15;
const REPEATS_QUICK = 3;
const THREADS_MAX = 128;

export const USAGE = `usage: node tests/bench/ladder.js [options]

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

/** A mistake on the command line. */
export class UsageError extends Error {}

function count(name, text, max) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not "${text}"`);
}

function list(name, text, known) {
  if (text === undefined) return known;
  const names = text.split(',').map((word) => word.trim()).filter(Boolean);
  const strange = names.find((word) => !known.includes(word));
  if (strange !== undefined) {
    throw new UsageError(`--${name}: there is no "${strange}"; known: ${known.join(', ')}`);
  }
  if (names.length === 0) throw new UsageError(`--${name} needs at least one of: ${known.join(', ')}`);
  return known.filter((word) => names.includes(word));
}

function parse(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  try {
    return parseArgs({
      args,
      options: {
        only: text, rungs: text, threads: text, repeats: text, file: text, out: text,
        json: text, html: text, quick: flag, help: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const values = parse(args);
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
