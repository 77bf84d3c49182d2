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

  -o, --output NAME  may have a folder; default: the name of the first file
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
  const name = (output || path.basename([...job.sources, ...job.objects][0])).replace(/\.(?:c|o|a|js|wasm)$/, '');
  if (/['\\\n?#]/.test(path.basename(name))) throw new UsageError(`${name} cannot be the name of a module`);
  return { job, output: name, program, watching };
}

/** @param {ReturnType<typeof readCommand>} command */
async function buildOnce({ job, output, program }) {
  const tools = await openTools(job, program ? 'program' : 'module');
  if (program) return buildProgramFile(job, tools, output);
  return job.target === 'native' ? buildSharedLibrary(job, tools, output) : buildModule(job, tools, output);
}

/** @param {ReturnType<typeof readCommand>} command  @returns {Promise<never>} */
async function buildForEver(command) {
  const folders = new Set(command.job.sources.map((source) => path.dirname(path.resolve(source))));
  for (;;) {
    let changed = () => {};
    const change = new Promise((resolve) => {
      changed = () => resolve(undefined);
    });
    const watchers = [...folders].map((folder) => watch(folder, (_, name) => {
      if (name === null || /\.[cho]$/.test(name)) changed();
    }));
    try {
      const code = await buildOnce(command);
      console.error(code === 0 ? `weft build: ${command.output} is built` : `weft build: the compiler ended with ${code}`);
    } catch (error) {
      console.error(`weft build: ${failure(error)}`);
    }
    await change;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)); // an editor writes in several steps
    for (const watcher of watchers) watcher.close();
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
