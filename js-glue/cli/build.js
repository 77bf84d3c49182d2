import { watch } from 'node:fs';
import path from 'node:path';
import { buildModule, buildProgramFile, buildSharedLibrary } from './build/module.js';
import { readJob } from './build/options.js';
import { openTools } from './build/targets.js';
import { UsageError, failure } from './output.js';

const HELP = `Usage: weft build [options] FILE.c... [compiler options]

Makes NAME.wasm, NAME.js and NAME.d.ts: every function marked with WEFT_EXPORT is a function to
import from NAME.js, with the names and types of its parameters. With --program it makes
NAME.wasm alone, a program for \`weft run\`.

  -o, --output NAME  may have a folder, and end in .mjs for a package that is not of type "module";
                     default: the name of the first file
  --program          the files have a main()
  --target TARGET    wasi, the default; emscripten: NAME-emscripten/ in place of NAME.wasm, by the
                     emcc on the PATH; native: libNAME.so or, with --program, NAME, by cc
  --sysroot DIR      a C library in place of the compiler's own, such as wasi-sdk's
                     share/wasi-sysroot; programs run by its own threads if it has any
  --simd             native: every instruction that this CPU has; WebAssembly's vectors are always on
  --watch            build again after each change, until interrupted
  --verbose          print the compiler's commands
  --no-cache         compile in any case

Other options, such as -O3, -I, -D, -L, -l, -g and -W, are the compiler's. For wasi that is the
system's clang, else the npm package @yowasp/clang; WEFT_CC names another, WEFT_EMCC an emcc.`;

const PAUSE_MS = 50;

/** @param {string[]} args */
function readCommand(args) {
  let output = '';
  let program = false;
  let watching = false;
  const words = args.map((arg) => (arg === '-o' ? '--output' : arg));
  const job = readJob(words, (name, value) => {
    if (name === '--output') output = value();
    else if (name === '--program') program = true;
    else if (name === '--watch') watching = true;
    else return false;
    return true;
  });
  const given = output || path.basename([...job.sources, ...job.objects][0]);
  const name = given.replace(/\.(?:c|o|a|m?js|wasm)$/, '');
  if (/['\\\n?#]/.test(path.basename(name))) throw new UsageError(`${name} cannot be the name of a module`);
  return { job, output: name, suffix: given.endsWith('.mjs') ? 'mjs' : 'js', program, watching };
}

/** @param {ReturnType<typeof readCommand>} command */
async function buildOnce({ job, output, suffix, program }) {
  const tools = await openTools(job, program ? 'program' : 'module');
  if (program) return buildProgramFile(job, tools, output);
  return job.target === 'native' ? buildSharedLibrary(job, tools, output) : buildModule(job, tools, output, suffix);
}

/**
 * Resolves when a source changes, or something that the compiler has read.
 *
 * @param {import('./build/options.js').Job} job  @param {AbortSignal} stop
 */
function changeOf(job, stop) {
  const sources = new Set(job.sources.map((source) => path.dirname(path.resolve(source))));
  const folders = new Set([...sources, ...[...job.inputs].map((input) => path.dirname(input))]);
  return new Promise((resolve) => {
    for (const folder of folders) {
      watch(folder, { signal: stop }, (_, name) => {
        if (name === null || job.inputs.has(path.join(folder, name)) || (sources.has(folder) && /\.[ch]$/.test(name))) resolve(undefined);
      });
    }
  });
}

/** @param {ReturnType<typeof readCommand>} command  @returns {Promise<never>} */
async function buildForEver(command) {
  for (;;) {
    const before = new Set(command.job.inputs);
    const stop = new AbortController();
    let change = changeOf(command.job, stop.signal); // also while it builds
    try {
      const code = await buildOnce(command);
      console.error(code === 0 ? `weft build: ${command.output} is built` : `weft build: the compiler ended with ${code}`);
    } catch (error) {
      console.error(`weft build: ${failure(error)}`);
    }
    if ([...command.job.inputs].some((input) => !before.has(input))) change = Promise.race([change, changeOf(command.job, stop.signal)]);
    await change;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)); // an editor writes in several steps
    stop.abort();
  }
}

/** @param {string[]} args  @returns {Promise<number>} the exit code */
export async function run(args) {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return 0;
  }
  const command = readCommand(args);
  return command.watching ? buildForEver(command) : buildOnce(command);
}
