import { open } from 'node:fs/promises';
import { createRuntime } from '../src/index.js';
import { UsageError, failure, progressBar, readOptions } from './output.js';

const HELP = `Usage: weft hash [options] [FILE...]

Prints the BLAKE3 checksum of each file, or of standard input for "-" or no file, on all
threads, in the format of b3sum.

  -c, --check     read checksums from the files and check them
      --quiet     with --check: print only what does not match
      --no-names  print the checksums only

Exit code 0 when every file was hashed (and matched), 1 when one was not, 2 for a mistake on
the command line.`;

const MEMORY_BYTES = 32 * 1024 * 1024;

/** @typedef {import('../src/runtime.js').Runtime} Runtime */

/** Names with a line break or backslash are escaped, and their lines begin with a backslash. */
const escape = (/** @type {string} */ name) => name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const unescape = (/** @type {string} */ name) => name.replace(/\\(.)/g, (_, letter) => {
  if (letter === 'n') return '\n';
  if (letter === '\\') return '\\';
  throw new Error(`there is no escape sequence \\${letter}`);
});

/** @param {Runtime} rt  @param {string} name  of a file, `-` for standard input */
async function digest(rt, name) {
  const bar = progressBar(name);
  try {
    const source = name === '-' ? process.stdin : { path: name };
    return await rt.hash(source, { onProgress: (progress) => bar.update(progress) });
  } finally {
    bar.clear();
  }
}

/**
 * @param {Runtime} rt  @param {string} name  @param {boolean} names
 * @returns {Promise<boolean>}  it could be hashed
 */
async function print(rt, name, names) {
  try {
    const hex = await digest(rt, name);
    const shown = escape(name);
    console.log(names ? `${shown === name ? '' : '\\'}${hex}  ${shown}` : hex);
    return true;
  } catch (error) {
    console.error(`weft hash: ${name}: ${failure(error)}`);
    return false;
  }
}

/** @param {string} line  @returns {{ shown: string, name: string, wanted: string }} */
function readLine(line) {
  const escaped = line.startsWith('\\');
  const [, wanted, shown] = /^([0-9a-f]{64})  (.+)$/s.exec(escaped ? line.slice(1) : line) ?? [];
  if (shown === undefined) throw new Error('not a line of checksum, two spaces and file name');
  return { wanted, shown: escaped ? `\\${shown}` : shown, name: escaped ? unescape(shown) : shown };
}

/**
 * @param {Runtime} rt  @param {string} line  @param {boolean} quiet
 * @returns {Promise<boolean>}  it matched
 */
async function checkLine(rt, line, quiet) {
  const { shown, name, wanted } = readLine(line);
  try {
    const same = (await digest(rt, name)) === wanted;
    if (!same || !quiet) console.log(`${shown}: ${same ? 'OK' : 'FAILED'}`);
    return same;
  } catch (error) {
    console.log(`${shown}: FAILED (${failure(error)})`);
    return false;
  }
}

/** @param {string} file  @returns {AsyncIterable<string>} */
async function* lines(file) {
  const { createInterface } = await import('node:readline');
  const handle = file === '-' ? undefined : await open(file);
  const input = handle ? handle.createReadStream() : process.stdin;
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } finally {
    await handle?.close().catch(() => {});
  }
}

/**
 * @param {Runtime} rt  @param {string} file  of checksums  @param {boolean} quiet
 * @returns {Promise<boolean>}  all of them matched
 */
async function check(rt, file, quiet) {
  let failed = 0;
  let number = 0;
  try {
    for await (const line of lines(file)) {
      number++;
      try {
        if (!(await checkLine(rt, line, quiet))) failed++;
      } catch (error) {
        console.error(`weft hash: ${file}, line ${number}: ${failure(error)}`);
        failed++;
      }
    }
  } catch (error) {
    console.error(`weft hash: ${file}: ${failure(error)}`);
    return false;
  }
  if (failed > 0) console.error(`weft hash: WARNING: ${failed} of ${number} checksums did NOT match`);
  return failed === 0;
}

/** @param {string[]} args  @returns {Promise<number>} the exit code */
export async function run(args) {
  const parsed = readOptions(args, {
    check: { type: 'boolean', short: 'c' },
    quiet: { type: 'boolean' },
    'no-names': { type: 'boolean' },
  }, HELP, true);
  if (!parsed) return 0;
  const { check: checking = false, quiet = false, 'no-names': noNames = false } = parsed.values;
  if (quiet && !checking) throw new UsageError('--quiet goes with --check only');
  if (noNames && checking) throw new UsageError('--no-names does not go with --check');
  const files = parsed.positionals.length > 0 ? parsed.positionals : ['-'];
  const rt = await createRuntime({ memoryBytes: MEMORY_BYTES });
  let good = true;
  for (const file of files) {
    const done = checking ? await check(rt, file, quiet) : await print(rt, file, !noNames);
    good &&= done;
  }
  await rt.close();
  return good ? 0 : 1;
}
