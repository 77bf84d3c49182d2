// What the threads of the workers take over from this process, or are given: loaders, environment,
// limits of the heap.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LIMIT, missing, modules, open, weftError } from './support.js';

/** A folder with these files, removed when the test ends. */
function folderOf(t, files) {
  const folder = mkdtempSync(path.join(tmpdir(), 'weft-worker-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

describe('options of the workers', { skip: missing('wasi') }, () => {
  it('starts the workers with the options of this process', LIMIT, (t) => {
    const folder = folderOf(t, {
      'preload.mjs': 'globalThis.preloaded = (globalThis.preloaded ?? 0) + 1;',
      'tasks.mjs': 'export const preloads = () => globalThis.preloaded ?? 0;',
      'main.mjs': `import { createRuntime } from ${JSON.stringify(new URL('../../js-glue/src/index.js', import.meta.url).href)};
        const counts = [];
        for (const worker of [undefined, { execArgv: [] }]) {
          const rt = await createRuntime({ module: ${JSON.stringify(modules.wasi)}, threads: 2, worker });
          const { preloads } = await rt.load(new URL('./tasks.mjs', import.meta.url));
          counts.push(await preloads());
          await rt.close();
        }
        console.log(counts.join());`,
    });
    const preload = pathToFileURL(path.join(folder, 'preload.mjs')).href;
    const stdout = execFileSync(process.execPath, ['--import', preload, 'main.mjs'], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
    assert.equal(stdout, '1,0\n');
  });

  it('gives tasks an environment and arguments', LIMIT, async (t) => {
    const folder = folderOf(t, { 'tasks.mjs': 'export const given = () => [process.env.COLOUR, process.argv.at(-1)];' });
    const rt = await open(t, 'wasi', { worker: { env: { COLOUR: 'red' }, argv: ['last'] } });
    const { given } = await rt.load(path.join(folder, 'tasks.mjs'));
    assert.deepEqual(await given(), ['red', 'last']);
  });

  it('rejects a task that exceeds its heap, and works on', LIMIT, async (t) => {
    const folder = folderOf(t, {
      'tasks.mjs': `export const one = () => 1;
        export const grow = (mib) => Array.from({ length: mib }, () => new Array(2 ** 17).fill(1.5)).length;`,
    });
    const rt = await open(t, 'wasi', { worker: { resourceLimits: { maxOldGenerationSizeMb: 32 } } });
    const tasks = await rt.load(path.join(folder, 'tasks.mjs'));
    assert.equal(await tasks.grow(4), 4);
    await assert.rejects(tasks.grow(500), weftError('WEFT_ERR_WORKER', /grow: .*memory limit/));
    assert.equal(await tasks.one(), 1);
    assert.equal(rt.info.threads, 2);
  });

  it('refuses what Node refuses, rather than to do without workers', LIMIT, async (t) => {
    for (const [worker, message] of [[5, /worker must be an object/], [null, /worker must be an object/],
      [{ flags: [] }, /worker: there is no option flags; there are execArgv/], [{ execArgv: '--import' }, /option worker .*execArgv/],
      [{ execArgv: ['--nonsense'] }, /option worker .*--nonsense/], [{ env: 7 }, /option worker .*env/]]) {
      await assert.rejects(open(t, 'wasi', { worker }), weftError('WEFT_ERR_INVALID', message));
    }
  });
});
