import { UsageError } from '../output.js';
import { link } from './compile.js';
import { readJob } from './options.js';
import { openTools } from './targets.js';

/** Builds a program for `weft run` from a command line. @param {string[]} args */
export async function buildProgram(args) {
  const job = readJob(args);
  if (job.target !== 'wasi') throw new UsageError(`weft run takes the wasi target; weft build --program makes programs for ${job.target}`);
  return link(job, await openTools(job, 'program'), 'program');
}
