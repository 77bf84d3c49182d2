import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSdk } from '../sdk.js';
import { execute } from './clang.js';
import { onPath, stamp } from './stamp.js';
import { buildLibraries } from './library.js';
import { stackChecker } from './stack-check.js';

const NONE = `--target emscripten needs emcc on the PATH (or WEFT_EMCC to name it): activate the emsdk; on Debian and Ubuntu:
    apt-get install emscripten`;

/** Where Debian keeps what emcc imports, and Node does not look by itself. */
const DEBIAN = '/usr/share/nodejs';

/**
 * What a link makes is several files; the cache keeps one, with all of them in it.
 *
 * @param {string} file  @returns {Map<string, Buffer>} by name
 */
export function unpack(file) {
  const files = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
  return new Map(files.map(([name, text]) => [name, Buffer.from(/** @type {string} */ (text), 'base64')]));
}

/** @param {[name: string, bytes: Uint8Array][]} files  @param {string} file */
export function pack(files, file) {
  writeFileSync(file, JSON.stringify(Object.fromEntries(files.map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]))));
}

/** @returns {Promise<import('./compile.js').Tools>} */
export async function openEmscripten() {
  const sdk = openSdk();
  const program = onPath(process.env.WEFT_EMCC ?? 'emcc');
  if (program === undefined) throw new Error(process.env.WEFT_EMCC ? `WEFT_EMCC names ${process.env.WEFT_EMCC}, which is not there` : NONE);
  const root = path.dirname(realpathSync(program));
  const env = { ...process.env };
  if (existsSync(path.join(DEBIAN, 'acorn')) && !existsSync(path.join(root, 'node_modules/acorn'))) {
    env.NODE_PATH = [DEBIAN, ...(env.NODE_PATH ? [env.NODE_PATH] : [])].join(path.delimiter);
  }
  const { features, compile, toolchain, link, module, node, browser, program: ofProgram } = sdk.flags.emscripten;

  /** Both of a module, or a program. @type {import('./clang.js').Compiler['link']} */
  async function linkAll(args, kind) {
    const [target] = args.splice(args.indexOf('-o'), 2).slice(1);
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-build-'));
    try {
      const results = kind === 'program'
        ? [['program.js', ofProgram]] : [['node.js', [...module, ...node]], ['browser.mjs', [...module, ...browser]]];
      let notes = '';
      for (const [name, options] of results) {
        const done = await execute(program ?? '', [...args, .../** @type {string[]} */ (options), '-o', path.join(folder, String(name))], env);
        notes ||= done.notes; // the other one has the same to say
        if (done.code !== 0) return { code: done.code, notes };
      }
      pack(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]), target);
      return { code: 0, notes };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  const files = [realpathSync(program), path.join(root, 'emscripten-version.txt')];
  /** @type {import('./compile.js').Tools} */
  const tools = {
    compiler: {
      id: `${program} ${files.map(stamp).join(' ')} ${process.env.EM_CONFIG ?? ''}`,
      name: program,
      files,
      compile: (args) => execute(program, args, env),
      link: linkAll,
    },
    settings: sdk.settings,
    finish: stackChecker(sdk),
    compile: [...features, ...compile, '-isystem', sdk.include],
    link: (kind, debug) => [...toolchain, ...link, ...(debug ? ['-g'] : []), '--js-library', sdk.emscriptenLibrary,
      ...(kind === 'program' ? ['--pre-js', sdk.emscriptenStart] : [])],
    libraries: (job) => buildLibraries(job, tools, sdk.source, 'emscripten', path.join(path.dirname(program), 'emar'), env),
  };
  return tools;
}
