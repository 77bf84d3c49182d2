import { openSdk } from '../sdk.js';
import { findCompiler } from './clang.js';
import { link } from './compile.js';
import { readJob } from './options.js';

/** Builds a program from a command line. @param {string[]} args */
export async function buildProgram(args) {
  const job = readJob(args);
  const sdk = openSdk();
  return link(job, { sdk, compiler: await findCompiler(sdk) }, 'program');
}
