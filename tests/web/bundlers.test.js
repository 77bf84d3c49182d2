// The example applications of bundlers/, built with the package as its users get it, and loaded.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing, outputOf, serveFor, useBrowser } from './support.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOME = path.join(ROOT, 'build/bundlers'); // tests/setup/bundlers, installed
const LIMIT = { timeout: 300_000 };

/** The sum of the squares of 0 to 999. */
const WANTED = /^[1-9]\d* threads: 332833500$/;

/** What `npm run build` of each application runs, without the links of node_modules/.bin. */
const BUILDS = {
  vite: ['vite/bin/vite.js', 'build'],
  webpack: undefined, // its command line is another package, webpack-cli
  rollup: ['rollup/dist/bin/rollup', '-c', '--silent'],
  esbuild: ['build.js'],
};

/** Warnings are errors here: they are what users would ask about. */
const WEBPACK = `
  import { cpSync } from 'node:fs';
  import webpack from 'webpack';
  import config from './webpack.config.js';
  webpack(config, (error, stats) => {
    if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString('errors-warnings'));
    cpSync('index.html', 'dist/index.html');
  });`;

const installed = existsSync(path.join(HOME, 'node_modules/webpack'));
const skip = missing('chromium') || (installed ? false : 'the bundlers are not installed: npm run test:web does it');

describe('bundlers', { skip }, () => {
  const used = useBrowser('chromium', { sites: false });
  let packed;
  before(async () => {
    const folder = path.join(HOME, 'packed');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder],
      { cwd: path.join(ROOT, 'js-glue'), encoding: 'utf8' }));
    packed = path.join(folder, filename);
  }, { timeout: 300_000 });

  /** A copy of an application below HOME, where Node finds the bundlers, with weft installed. */
  function install(name) {
    const app = path.join(HOME, 'apps', name);
    rmSync(app, { recursive: true, force: true });
    cpSync(fileURLToPath(new URL(`bundlers/${name}`, import.meta.url)), app, { recursive: true });
    const weft = path.join(app, 'node_modules/weft');
    mkdirSync(weft, { recursive: true });
    execFileSync('tar', ['-xzf', packed, '-C', weft, '--strip-components=1']);
    return app;
  }

  /** What the page shows. */
  async function load(t, url) {
    const { lines, text } = await outputOf(t, used.browser, url);
    assert.deepEqual(lines.filter((line) => !line.startsWith('[vite]')), []);
    return text;
  }

  for (const [name, command] of Object.entries(BUILDS)) {
    it(`${name} builds an application that runs on all threads`, LIMIT, async (t) => {
      const app = install(name);
      if (!command) writeFileSync(path.join(app, 'build-with-webpack.mjs'), WEBPACK);
      const [program, ...args] = command ?? ['build-with-webpack.mjs'];
      const file = program.includes('/dist/') || program.includes('/bin/') ? path.join(HOME, 'node_modules', program) : program;
      execFileSync(process.execPath, [file, ...args], { cwd: app, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NODE_ENV: 'production' } });
      assert.match(await load(t, await serveFor(t, path.join(app, 'dist'))), WANTED);
    });
  }

  it('vite\'s development server runs it, too', LIMIT, async (t) => {
    const app = install('vite');
    const vite = spawn(process.execPath, [path.join(HOME, 'node_modules/vite/bin/vite.js'), '--port', '0', '--host', '127.0.0.1'],
      { cwd: app, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } });
    t.after(() => vite.kill());
    let text = '';
    for await (const piece of vite.stdout) {
      text += piece;
      const [url] = /http:\/\/[\w.]+:\d+\//.exec(text) ?? [];
      if (!url) continue;
      assert.match(await load(t, url), WANTED);
      return;
    }
    assert.fail(text);
  });
});
