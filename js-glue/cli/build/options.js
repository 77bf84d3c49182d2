import { UsageError } from '../output.js';

/** Options of a C compiler whose value may stand beside them. */
const WITH_VALUE = /^-(?:[IDULlx]|include|isystem|iquote|idirafter|imacros|Xclang|mllvm)$/;
const LINK = /^-(?:L|l|Wl,)/;
const INPUT = /\.(?:c|o|a)$/;

/**
 * What is to be built.
 * @typedef {object} Job
 * @property {string[]} sources
 * @property {string[]} objects  and libraries
 * @property {string[]} compile  options
 * @property {string[]} link  options
 * @property {boolean} debug
 * @property {boolean} unchecked  without stack checks
 * @property {boolean} fresh  without the cache
 * @property {boolean} verbose
 * @property {Target} target
 * @property {Set<string>} inputs  what has been read, by absolute names
 * @property {Set<string>} outputs  what has been written
 * @property {boolean} said  that something has been said
 * @property {boolean} [anywhere]  no name in it is relative to the current folder
 * @property {string} [sysroot]  a C library in place of the compiler's
 */

/** @typedef {'wasi' | 'emscripten' | 'native'} Target */

/** @type {Target[]} */
const TARGETS = ['wasi', 'emscripten', 'native'];

/** @param {string} name  @returns {Target} */
function readTarget(name) {
  const target = TARGETS.find((each) => each === name);
  if (target === undefined) throw new UsageError(`there is no target ${name}; targets: ${TARGETS.join(', ')}`);
  return target;
}

/**
 * Sorts the words of a command line; what it does not know belongs to the compiler.
 *
 * @param {string[]} args
 * @param {(name: string, value: () => string) => boolean} [own]  takes the options of a command
 * @returns {Job}
 */
export function readJob(args, own = () => false) {
  /** @type {Job} */
  const job = { sources: [], objects: [], compile: [], link: [], debug: false, unchecked: false, fresh: false, verbose: false, target: 'wasi', inputs: new Set(), outputs: new Set(), said: false };
  let simd = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    const [name, ...rest] = arg.startsWith('--') ? arg.split('=') : [arg];
    const value = () => {
      if (rest.length > 0) return rest.join('=');
      if (++at >= args.length) throw new UsageError(`${name} needs a value`);
      return args[at];
    };
    if (own(name, value)) continue;
    if (name === '--verbose') job.verbose = true;
    else if (name === '--no-cache') job.fresh = true;
    else if (name === '--no-stack-check') job.unchecked = true;
    else if (name === '--simd') simd = true;
    else if (name === '--target') job.target = readTarget(value());
    else if (name === '--sysroot') job.sysroot = value();
    else if (!arg.startsWith('-')) {
      if (!INPUT.test(arg)) throw new UsageError(`${arg} is no .c, .o or .a file (arguments of a program go behind --)`);
      (arg.endsWith('.c') ? job.sources : job.objects).push(arg);
    } else if (arg.startsWith('--')) {
      throw new UsageError(`there is no option ${name}`);
    } else if (arg === '-o' || arg === '-c' || arg === '-S' || arg === '-E') {
      throw new UsageError(`${arg} is not for this command`);
    } else if (arg !== '-pthread' && arg !== '-lpthread') { // always there
      const words = WITH_VALUE.test(arg) ? [arg, value()] : [arg];
      (LINK.test(arg) ? job.link : job.compile).push(...words);
      if (/^-g/.test(arg) && arg !== '-g0') job.debug = true;
    }
  }
  if (simd && job.target === 'native') job.compile.unshift('-march=native'); // WebAssembly always has it
  if (job.sysroot !== undefined && job.target !== 'wasi') throw new UsageError('--sysroot is for the wasi target');
  if (job.sources.length + job.objects.length === 0) throw new UsageError('there is no .c file to build');
  return job;
}
