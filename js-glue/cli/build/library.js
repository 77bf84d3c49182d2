import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cached } from './cache.js';
import { execute } from './clang.js';
import { compileAll } from './compile.js';

/** What CMakeLists.txt compiles into libweft.a, by folders of src. */
const PLATFORM = {
  native: /^platform_(?:linux|pthread)\.c$/,
  emscripten: /^(?:js_\w+|platform_wasm_\w+|platform_emscripten|platform_pthread)\.c$/,
};

/** As CMakeLists.txt has it: fused multiply-add would give different bits on different targets. */
const OPTIONS = ['-std=gnu11', '-O3', '-DNDEBUG', '-ffp-contract=off', '-w'];

/**
 * libweft.a and libweft_kernels.a by a compiler of the user's own, as the targets need for which
 * no library can be shipped.
 *
 * @param {import('./options.js').Job} job  @param {import('./compile.js').Tools} tools
 * @param {string} source  the folder src of weft
 * @param {'native' | 'emscripten'} target
 * @param {string} archiver  a program
 * @param {NodeJS.ProcessEnv} [env]  for it
 * @returns {Promise<import('./compile.js').Libraries | import('./cache.js').Result>}
 */
export async function buildLibraries(job, tools, source, target, archiver, env) {
  const list = (/** @type {string} */ folder, /** @type {RegExp} */ pattern) =>
    readdirSync(path.join(source, folder)).filter((name) => pattern.test(name)).sort().map((name) => path.join(source, folder, name));
  /** @param {string[]} sources */
  const archive = async (sources) => {
    const args = [...tools.compile, ...OPTIONS, '-I', source];
    const { files, failed } = await compileAll({ ...job, anywhere: true }, tools, sources.map((each) => ({ source: each, args })));
    if (failed) return failed;
    return cached(['archive', archiver, files], job.fresh, async (to) => {
      const { code, notes } = await execute(archiver, ['rcs', to, ...files], env);
      return { code, notes };
    }, 'a', files);
  };
  const whole = await archive([...list('core', /\.c$/), ...list('platform', PLATFORM[target])]);
  if (whole.code !== 0) return whole;
  const kernels = await archive(list('kernels', /\.c$/));
  return kernels.code === 0 ? { whole: whole.file, kernels: kernels.file } : kernels;
}
