import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { say } from './build/compile.js';
import { noteDone } from './build/done.js';
import { buildModule, buildProgramFile, buildSharedLibrary } from './build/module.js';
import { readJob } from './build/options.js';
import { openTools } from './build/targets.js';
import { watchInputs } from './build/watch.js';
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
  --no-stack-check   a function that overruns its stack does not trap: a little faster
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
  return { args, job, output: name, suffix: given.endsWith('.mjs') ? 'mjs' : 'js', program, watching };
}

/**
 * Node takes a .js file for CommonJS where the next package.json says so, as `npm init` makes it.
 *
 * @param {import('./build/options.js').Job} job  @param {string} output
 */
function warnOfCommonJs(job, output) {
  for (let folder = path.dirname(path.resolve(output)), above; folder !== above; folder = path.dirname(above)) {
    above = folder;
    const file = path.join(folder, 'package.json');
    if (!existsSync(file)) continue;
    job.inputs.add(file);
    if (/"type"\s*:\s*"commonjs"/.test(readFileSync(file, 'utf8'))) {
      say(job, `weft build: ${output}.js is an ES module, but ${file} says "type": "commonjs": change that to "module", or build with -o ${output}.mjs\n`);
    }
    return;
  }
}

/** @param {ReturnType<typeof readCommand>} command */
async function buildOnce({ args, job, output, suffix, program }) {
  const since = Date.now();
  const tools = await openTools(job, program ? 'program' : 'module');
  const make = program ? buildProgramFile : job.target === 'native' ? buildSharedLibrary : buildModule;
  const code = await make(job, tools, output, suffix);
  if (code === 0 && make === buildModule && suffix === 'js') warnOfCommonJs(job, output);
  if (code === 0 && !job.said) noteDone(args, [...job.inputs, ...tools.compiler.files, ...tools.settings], job.outputs, since);
  return code;
}

/** @param {ReturnType<typeof readCommand>} command  @returns {Promise<never>} */
async function buildForEver(command) {
  for (;;) {
    const inputs = watchInputs(command.job);
    let outcome;
    try {
      const code = await buildOnce(command);
      outcome = code === 0 ? `${command.output} is built` : `the compiler ended with ${code}`;
    } catch (error) {
      outcome = failure(error);
    }
    const change = inputs.next();
    console.error(`weft build: ${outcome}`);
    await change;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)); // an editor writes in several steps
    inputs.close();
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
