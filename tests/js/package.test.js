// The package as its users get it: packed, installed into an empty project, used from there.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sizes } from '../../js-glue/bundle.js';
import { fixture } from './support.js';

const FOLDER = fileURLToPath(new URL('../../js-glue/', import.meta.url));
const STOCK = path.join(FOLDER, 'wasm/weft.wasm');
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const LIMIT = { timeout: 300_000 };

/** What Node loads for calls of C functions: what `import` takes, what createRuntime adds, a worker's file. */
const GLUE = ['index.js', 'core.cjs', 'worker.cjs'];
const GLUE_BROTLI_MAX = 12_000;

let project;

/** Runs a program in the project. */
function run(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: 'utf8', timeout: 200_000, ...options });
  return { status, stdout, stderr };
}

/** Runs a file of this text; what it prints. */
function runFile(name, text, flags = []) {
  writeFileSync(path.join(project, name), text);
  const { status, stdout, stderr } = run(process.execPath, [...flags, name]);
  assert.equal(status, 0, `${name}: ${stderr}`);
  return stdout.trim();
}

/** Files of dist/, and those that they import at once. */
function withImports(names) {
  for (const name of names) {
    const text = readFileSync(installed('dist', name), 'utf8');
    for (const [, other] of text.matchAll(/from\s*"\.\/([^"]+)"/g)) if (!names.includes(other)) names.push(other);
  }
  return names;
}

/** Whether this Node knows the flags. */
const allowed = (flags) => flags.every((flag) => process.allowedNodeEnvironmentFlags.has(flag));

const installed = (...names) => path.join(project, 'node_modules/weft', ...names);

const skip = !existsSync(STOCK) && !process.env.WEFT_TARGETS?.split(',').includes('wasi') && 'the wasi target is not built';

describe('the package', { skip }, () => {
  before(() => {
    project = mkdtempSync(path.join(tmpdir(), 'weft-package-'));
    // npm is a program of its own, whichever Node runs the tests.
    const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', project], { cwd: FOLDER, encoding: 'utf8' }).replace(/^[^[]*/, ''));
    writeFileSync(path.join(project, 'package.json'), '{ "name": "user", "private": true }\n');
    execFileSync('npm', ['install', '--offline', '--silent', '--no-audit', '--no-fund', `./${filename}`], { cwd: project });
  }, { timeout: 300_000 });

  after(() => rmSync(project, { recursive: true, force: true }));

  it('has all that it names, and nothing else', LIMIT, () => {
    const names = readdirSync(installed(), { recursive: true }).map(String);
    for (const name of ['dist/index.js', 'dist/cluster.js', 'types/cluster/index.d.ts', 'types/cjs/cluster/index.d.ts', 'dist/worker.cjs', 'types/index.d.ts', 'wasm/weft.wasm', 'LICENSE', 'README.md']) {
      assert.ok(names.includes(path.normalize(name)), `${name} is missing`);
    }
    const strange = names.filter((name) => /^(src|tests|node_modules)\b/.test(name) || /\.tgz$|tsconfig|bundle\.js/.test(name));
    assert.deepEqual(strange, []);
    const { exports, bin, dependencies, peerDependenciesMeta } = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
    assert.equal(dependencies, undefined);
    assert.deepEqual(peerDependenciesMeta, { bullmq: { optional: true }, ioredis: { optional: true } });
    const files = [...JSON.stringify([exports, bin]).matchAll(/:"(\.\/[^"*]*\.[a-z.]+)"/g)].map(([, file]) => file);
    assert.ok(files.length >= 8);
    for (const file of files) assert.ok(existsSync(installed(file)), `${file} is missing`);
  });

  it('finds the files beside its own by URLs that bundlers see', LIMIT, () => {
    const seen = new Set();
    for (const name of readdirSync(installed('dist')).filter((file) => /\.c?js$/.test(file))) {
      const text = readFileSync(installed('dist', name), 'utf8').replaceAll('\\\n', ''); // ends of lines in strings
      for (const [, relative] of text.matchAll(/new URL\(\s*"(\.[^"]*)",\s*(?:import\.meta\.url|__url|\w+\.url)\s*\)/g)) {
        assert.ok(existsSync(installed('dist', relative)), `${name} names ${relative}`);
        seen.add(relative);
      }
    }
    const index = withImports(['index.js']).map((name) => readFileSync(installed('dist', name), 'utf8')).join('');
    assert.match(index, /new \w+\(\s*new URL\(\s*"\.\/worker\.cjs",\s*import\.meta\.url\s*\)/);
    assert.ok(seen.has('./worker.cjs') && seen.has('../wasm/weft.wasm'), [...seen].join());
  });

  it('runs when imported', LIMIT, () => {
    const output = runFile('app.mjs', `
      import { createRuntime, WeftError } from 'weft';
      const rt = await createRuntime({ threads: 2 });
      const xs = rt.share(Float64Array.of(1, 2, 3.5));
      console.log(await rt.sum(xs), await rt.call('no_such').catch((error) => error instanceof WeftError));
      await rt.close();`);
    assert.equal(output, '6.5 true');
  });

  it('loads nothing else for calls of C functions', LIMIT, () => {
    const output = runFile('plain.mjs', `
      import { createRequire } from 'node:module';
      import { createRuntime } from 'weft';
      const rt = await createRuntime({ module: ${JSON.stringify(installed('wasm/weft.wasm'))}, threads: 2 });
      const xs = rt.array(Float64Array, 1000).fill(1.5);
      const sums = await Promise.all(Array.from({ length: 10 }, () => rt.call('weft_sum_f64', xs, xs.length)));
      rt.free(xs);
      await rt.close();
      const { cache } = createRequire(import.meta.url);
      console.log(sums[9], Object.keys(cache).map((name) => name.replace(/.*dist./, '')).join());`);
    assert.equal(output, `1500 ${GLUE.slice(1).join()}`);
  });

  // Newer Nodes require the ES module itself, older ones get a file of their own.
  for (const flags of [[], ['--no-experimental-require-module']]) {
    it(`runs when required, and by import() from CommonJS ${flags}`, { ...LIMIT, skip: !allowed(flags) }, () => {
      const output = runFile('app.cjs', `
      const weft = require('weft');
      weft.createRuntime({ threads: 2 }).then(async (rt) => {
        console.log(await rt.sum(rt.share(Float64Array.of(1, 2, 3.5))));
        await rt.close();
        const imported = await import('weft');
        const other = await imported.createRuntime({ threads: 1 });
        console.log(other.info.threads, imported.WeftError === weft.WeftError);
        await other.close();
      });`, flags);
      assert.equal(output, `6.5\n1 ${flags.length === 0 && process.features.require_module === true}`);
    });
  }

  it('shows an error that nobody catches by its name, and short lines', LIMIT, () => {
    writeFileSync(path.join(project, 'uncaught.mjs'), `
      import { createRuntime } from 'weft';
      await createRuntime({ module: './none.wasm' });`);
    const { status, stderr } = run(process.execPath, ['uncaught.mjs']);
    assert.equal(status, 1);
    assert.match(stderr, /^WeftError: .*none\.wasm cannot be read/m);
    assert.ok(stderr.length < 8000, `${stderr.length} characters`);
  });

  it('shows what there is to see of a runtime and its objects', LIMIT, () => {
    const output = runFile('shown.mjs', `
      import { createRuntime } from 'weft';
      const rt = await createRuntime({ threads: 2 });
      for (const each of [rt, rt.mutex(), rt.semaphore(1), rt.event(), rt.channel(1), rt.start('weft_nqueens', 4)]) {
        console.log(each.constructor.name, each);
      }
      await rt.close();`);
    assert.deepEqual(output.split('\n'), [
      "Runtime Runtime { flavour: 'wasi', threads: 2, pending: 1, state: 'open' }",
      'Mutex Mutex { locked: false }', 'Semaphore Semaphore { permits: 1 }', 'Event Event { isSet: false }',
      'Channel Channel { capacity: 1, values: 0, closed: false }', "Job Job { id: 1, name: 'weft_nqueens', settled: false }",
    ]);
  });

  it('runs programs by weft/program', LIMIT, () => {
    const output = runFile('program.mjs', `
      import { runProgram } from 'weft/program';
      const { code, stdout } = await runProgram(${JSON.stringify(fixture('wasi', 'files_program.wasm'))}, { args: ['environment', 'NAME'], env: { NAME: 'weft' } });
      console.log(code, stdout.trim());`);
    assert.equal(output, '0 weft');
  });

  it('runs tasks of a module that imports weft/task', LIMIT, () => {
    writeFileSync(path.join(project, 'tasks.mjs'), `
      import { progress, threadIndex } from 'weft/task';
      export function add(a, b) {
        progress(1, 2);
        return a + b + 0 * threadIndex();
      }`);
    const output = runFile('tasks-app.mjs', `
      import { createRuntime } from 'weft';
      const rt = await createRuntime({ threads: 2 });
      const tasks = await rt.load(new URL('./tasks.mjs', import.meta.url));
      console.log(await tasks.add(20, 22));
      await rt.close();`);
    assert.equal(output, '42');
  });

  const CLUSTER = `
      const cluster = await connect({ local: 2, threads: 1, memoryBytes: 2 ** 26 });
      console.log(await cluster.reduce('weft_sum_f64', slices(Float64Array.of(1, 2, 3.5), 1), (a, b) => a + b));
      const [{ arrays: [sorted] }] = await cluster.map('weft_sort_f64', [[inout(Float64Array.of(3, 1)), 2]]);
      console.log(sorted.join(), await cluster.map('no_such', []).catch((error) => error instanceof WeftError));
      await cluster.close();
      const missing = await connect({ connection: 'redis://127.0.0.1:1' }).catch((error) => error);
      console.log(missing instanceof WeftError, missing.code, /npm install bullmq/.test(missing.message));`;
  const CLUSTER_OUTPUT = '6.5\n1,3 true\ntrue WEFT_ERR_UNSUPPORTED true';

  it('has weft/cluster, which says where it lacks bullmq', LIMIT, () => {
    assert.equal(runFile('cluster.mjs', `
      import * as names from 'weft/cluster';
      import { WeftError } from 'weft';
      const { connect, inout, slices } = names;
      console.log(Object.keys(names).join());
      ${CLUSTER}`), `connect,inout,out,slices,startWorker\n${CLUSTER_OUTPUT}`);
    assert.equal(runFile('cluster.cjs', `
      const { connect, inout, slices } = require('weft/cluster');
      const { WeftError } = require('weft');
      (async () => {${CLUSTER}})();`, allowed(['--no-experimental-require-module']) ? ['--no-experimental-require-module'] : []), CLUSTER_OUTPUT);
    const { status, stderr } = run(process.execPath, [installed('dist/weft.cjs'), 'worker', '--redis', 'redis://127.0.0.1:1']);
    assert.equal(status, 1);
    assert.match(stderr, /npm install bullmq ioredis/);
  });

  it('lets the wasm files and package.json be named', LIMIT, () => {
    const output = runFile('names.cjs', `
      console.log(require.resolve('weft/wasm/weft.wasm').endsWith('weft.wasm'), require('weft/package.json').name);
      try { require.resolve('weft/src/index.js'); } catch (error) { console.log(error.code); }`);
    assert.equal(output, 'true weft\nERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  const TASKS = `
    export function darken(first: number, last: number, pixels: Float32Array, by: number): void {
      for (let i = first; i < last; i++) pixels[i]! *= by;
    }
    export const describe = (pixels: Float32Array, { name }: { name: string }): string => name + pixels.length;
    export async function later(value: bigint): Promise<bigint> { return value; }
    export const pass = (lines: import('weft').Channel, lock: import('weft').Mutex): void => lock.withSync(() => lines.sendSync(1));
    export const LIMIT = 5;`;

  const USE_TASKS = `
    const tasks = await rt.load<typeof import('./tasks.EXTENSION')>('./tasks.js');
    const pixels = rt.array(Float32Array, 8);
    const text: string = await tasks.describe(pixels, { name: 'moon' });
    const same: string = await rt.with({ timeoutMs: 5 }).call(tasks.describe, pixels, { name: 'moon' });
    const big: bigint = await tasks.later(5n);
    await tasks.pass(rt.channel(1), rt.mutex());
    // @ts-expect-error: a semaphore is no mutex
    await tasks.pass(rt.channel(1), rt.semaphore(1));
    const job: Job<bigint> = rt.start(tasks.later, 5n);
    for await (const { done, total } of job.progress) console.log(done / total);
    const now: string = rt.callSync(tasks.describe, pixels, { name: 'moon' });
    await rt.forEach(pixels.length, tasks.darken, pixels, 0.5);
    await rt.forEach({ first: 0, last: 8, grain: 2 }, tasks.darken, pixels, 0.5);
    // @ts-expect-error: a task keeps its parameters
    await tasks.describe(pixels, { nome: 'moon' });
    // @ts-expect-error: also under options
    await rt.with({ label: 'x' }).call(tasks.describe, pixels);
    // @ts-expect-error: and in a loop
    await rt.forEach(8, tasks.darken, pixels, '0.5');
    // @ts-expect-error: what is no function is no task
    tasks.LIMIT;
    const loose = await rt.load('./tasks.js');
    console.log(text, same, big, now, await loose.anything?.(1, 'two'));`;

  const USE = `
    const rt: Runtime = await createRuntime({ threads: 2 });
    const xs: Float64Array = rt.array(Float64Array, 8);
    const sum: number = await rt.sum(xs);
    const result: unknown = await rt.call('no_such', xs, 5n);
    const reason: string | undefined = rt.info.reason;
    try { rt.free(xs); } catch (error) { if (error instanceof WeftError) console.log(error.code === 'WEFT_ERR_POINTER'); }
    // @ts-expect-error: a length is a number
    rt.array(Float64Array, '8');
    // @ts-expect-error: there is no such option
    await createRuntime({ thread: 2 });
    { await using own = await createRuntime(); await own.sum(own.array(Float32Array, 1)); }
    ${USE_TASKS}
    await rt.close();
    const cluster: Cluster = await connect({ local: 2, memoryBytes: 2 ** 26 });
    const sums: number[] = await cluster.map('weft_sum_f64', slices(new Float64Array(8), 2), { inFlight: 2 });
    for await (const each of cluster.stream('weft_sort_f64', [[inout(new Float64Array(2)), 2, out(Uint8Array, 3)]])) console.log(each.value);
    // @ts-expect-error: there is no such option
    await connect({ local: 2, memory: 5 });
    { await using own = await connect({ local: 2 }); await own.map("weft_sum_f64", []); }
    await cluster.close();
    console.log(sum, result, reason, sums);`;

  for (const { title, file, head, options } of [
    { title: 'an ES module, nodenext', file: 'use.mts', options: { module: 'nodenext' } },
    { title: 'an ES module, node16', file: 'use.mts', options: { module: 'node16' } },
    { title: 'CommonJS, node16', file: 'use.cts', options: { module: 'node16' } },
    { title: 'compiled to CommonJS, node10', file: 'use.ts', options: { module: 'commonjs', moduleResolution: 'node10' } },
    { title: 'a bundler', file: 'use.ts', options: { module: 'esnext', moduleResolution: 'bundler' } },
  ]) {
    it(`is typed under strict: ${title}`, LIMIT, () => {
      const folder = path.join(project, `types-${title}`);
      mkdirSync(folder);
      const cjs = file.endsWith('.cts');
      const imports = cjs ? `import weft = require('weft');\nconst { createRuntime, WeftError } = weft;\ntype Runtime = weft.Runtime;\ntype Job<T> = weft.Job<T>;
        import past = require('weft/cluster');\nconst { connect, inout, out, slices } = past;\ntype Cluster = past.Cluster;\n`
        : `import { createRuntime, WeftError, type Job, type Runtime } from 'weft';\nimport { checkpoint, progress } from 'weft/task';
        import { connect, inout, out, slices, type Cluster } from 'weft/cluster';\n`;
      const tasks = cjs ? '' : 'export function task(first: number, last: number): void { checkpoint(); progress(first, last); }\n';
      writeFileSync(path.join(folder, file), `${imports}${head ?? ''}${tasks}export async function main(): Promise<void> {${USE.replace('EXTENSION', file.slice(4).replace('ts', 'js'))}\n}\n`);
      writeFileSync(path.join(folder, file.replace('use', 'tasks')), TASKS);
      writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({
        compilerOptions: { target: 'es2022', lib: ['es2022', 'dom'], types: [], strict: true, noEmit: true, exactOptionalPropertyTypes: true, ...options },
        files: [file],
      }));
      const { status, stdout } = run(process.execPath, [TSC, '-p', folder]);
      assert.equal(status, 0, stdout);
    });
  }

  it('types the tasks of a JavaScript file', LIMIT, () => {
    const folder = path.join(project, 'types-js-tasks');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'tasks.js'), 'export const describe = (pixels, { name }) => `${name}: ${pixels.length}`;\n');
    writeFileSync(path.join(folder, 'use.ts'), `
      import { createRuntime } from 'weft';
      export async function main(): Promise<string> {
        const tasks = await (await createRuntime()).load<typeof import('./tasks.js')>('./tasks.js');
        return tasks.describe(new Uint8Array(1), { name: 'moon' });
      }`);
    const options = { target: 'es2022', module: 'esnext', moduleResolution: 'bundler', types: [], strict: true, noEmit: true, allowJs: true };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
    const { status, stdout } = run(process.execPath, [TSC, '-p', folder]);
    assert.equal(status, 0, stdout);
  });

  it('brings the command weft', LIMIT, () => {
    const weft = (...args) => run(process.execPath, [installed('dist/weft.cjs'), ...args]);
    const help = weft('--help');
    assert.equal(help.status, 0, help.stderr);
    assert.match(help.stdout, /hash/);
    const doctor = weft('doctor');
    assert.equal(doctor.status, 0, doctor.stderr);
    assert.match(doctor.stdout, /Node/i);
    writeFileSync(path.join(project, 'abc'), 'abc');
    assert.equal(weft('hash', 'abc').stdout, '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85  abc\n');
    assert.equal(run('npx', ['--offline', 'weft', '--help']).stdout, help.stdout);
  });

  it('can be bundled into an application', LIMIT, async () => {
    writeFileSync(path.join(project, 'entry.mjs'), "import { createRuntime } from 'weft';\nconsole.log(typeof createRuntime);\n");
    await build({ absWorkingDir: project, entryPoints: ['entry.mjs'], bundle: true, platform: 'node', format: 'esm', outfile: 'bundle.mjs', logLevel: 'silent' });
    assert.equal(run(process.execPath, ['bundle.mjs']).stdout, 'function\n');
  });

  it('stays small', LIMIT, (t) => {
    const files = sizes();
    for (const { name, bytes, brotli } of files) t.diagnostic(`dist/${name}: ${bytes} bytes, ${brotli} with brotli`);
    const import5 = Array.from({ length: 5 }, () => Number(runFile('import.mjs', `
      const begun = performance.now();
      await import('weft');
      console.log(performance.now() - begun);`)));
    t.diagnostic(`import: ${Math.min(...import5).toFixed(2)} to ${Math.max(...import5).toFixed(2)} ms in ${import5.length} runs`);
    const loaded = withImports(GLUE);
    const glue = files.filter(({ name }) => loaded.includes(name)).reduce((sum, { brotli }) => sum + brotli, 0);
    t.diagnostic(`${loaded.join(' and ')}: ${glue} bytes with brotli`);
    assert.ok(glue <= GLUE_BROTLI_MAX, `${glue} bytes with brotli, at most ${GLUE_BROTLI_MAX} are wanted`);
  });
});
