import { readFileSync } from 'node:fs';
import { UsageError, failure } from './output.js';

const HELP = `Usage: weft <command> [options]

  weft doctor             what this host has for threads, what it lacks, how to mend it
  weft run PROGRAM        a C program with POSIX threads: a .wasm, or .c files
  weft build FILE.c...    C into a module for JavaScript, with types
  weft hash [FILE...]     BLAKE3 checksums, in the format of b3sum
  weft bench              the stock kernels on one thread and on all, beside plain JavaScript
  weft worker             computes for programs on other machines, by way of Redis
  weft serve [DIR]        a web server for development, with the headers that threads need

  weft <command> --help   the options of a command
  weft --version

WEFT_THREADS=N sets the number of threads.`;

/** @type {Record<string, () => Promise<{ run: (args: string[]) => Promise<number> }>>} */
const COMMANDS = {
  doctor: () => import('./doctor.js'),
  run: () => import('./run.js'),
  build: () => import('./build.js'),
  hash: () => import('./hash.js'),
  bench: () => import('./bench.js'),
  worker: () => import('./worker.js'),
  serve: () => import('./serve.js'),
};

/** The package around this file, or around the bundle that it ends up in. */
function version() {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

/** @param {string | undefined} command  @param {string[]} args  @returns {Promise<number>} */
async function dispatch(command, args) {
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    console.log(HELP);
    return command === undefined ? 2 : 0;
  }
  if (command === '--version' || command === '-V') {
    console.log(`weft ${version()}`);
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!load) {
    const kind = command.startsWith('-') ? 'option' : 'command';
    throw new UsageError(`there is no ${kind} ${command}; commands: ${Object.keys(COMMANDS).join(', ')}`);
  }
  return (await load()).run(args);
}

/**
 * The command line. Ends with exit code 0 when all went well, 1 when something did not, 2 for
 * a mistake on the command line, 130 after an interrupt, 141 when nobody reads the output.
 *
 * @param {string[]} args
 */
export async function main([command, ...args]) {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      process.exit(/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE' ? 141 : 1);
    });
  }
  process.once('SIGINT', () => process.exit(130));
  try {
    process.exitCode = await dispatch(command, args);
  } catch (error) {
    const usage = error instanceof UsageError;
    const hint = usage ? `\nTry weft ${Object.hasOwn(COMMANDS, command ?? '') ? `${command} ` : ''}--help.` : '';
    console.error(`weft: ${failure(error)}${hint}`);
    process.exitCode = usage ? 2 : 1;
  }
}
