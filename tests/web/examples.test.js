// The example for Vite, built with the package as its users get it, and loaded.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing, outputOf, serveFor, useBrowser } from './support.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOME = path.join(ROOT, 'build/bundlers'); // tests/setup/bundlers, installed
const LIMIT = { timeout: 300_000 };
const skip = missing('chromium') || (existsSync(path.join(HOME, 'node_modules/vite')) ? false : 'Vite is not installed: npm run test:web does it');

/** In the page. */
function sumOfPixels() {
  const { data } = document.querySelector('canvas').getContext('2d').getImageData(0, 0, 640, 480);
  return data.reduce((sum, value, at) => (sum * 31 + (at % 4 === 3 ? 0 : value)) % 1_000_003, 0);
}

describe('the example vite-page', { skip }, () => {
  const app = path.join(HOME, 'examples/vite-page');
  const used = useBrowser('chromium', { sites: false });
  before(async () => {
    rmSync(app, { recursive: true, force: true });
    cpSync(path.join(ROOT, 'tests/examples/vite-page'), app, { recursive: true });
    const weft = path.join(app, 'node_modules/weft');
    mkdirSync(weft, { recursive: true });
    const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', app],
      { cwd: path.join(ROOT, 'js-glue'), encoding: 'utf8' }));
    execFileSync('tar', ['-xzf', path.join(app, filename), '-C', weft, '--strip-components=1']);
    execFileSync(process.execPath, [path.join(weft, 'dist/weft.cjs'), 'build', 'julia.c', '-O3'], { cwd: app });
    execFileSync(process.execPath, [path.join(HOME, 'node_modules/vite/bin/vite.js'), 'build'],
      { cwd: app, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NODE_ENV: 'production' } });
  }, LIMIT);

  for (const isolated of [true, false]) {
    it(`draws ${isolated ? 'on all threads' : 'on one thread where the headers are missing'}`, LIMIT, async (t) => {
      const { page, lines, text } = await outputOf(t, used.browser, await serveFor(t, path.join(app, 'dist'), isolated));
      assert.match(text, isolated ? /^[1-9]\d* threads/ : /^0 threads/);
      const sum = () => page.evaluate(sumOfPixels);
      const first = await sum();
      assert.ok(first > 0);
      await page.mouse.move(320, 240); // another set
      for (const end = Date.now() + 150_000; await sum() === first; await new Promise((resolve) => setTimeout(resolve, 20))) {
        assert.ok(Date.now() < end, 'the picture does not change');
      }
      assert.deepEqual(lines.filter((line) => !line.includes('willReadFrequently')), []); // the test's own reads
    });
  }
});
