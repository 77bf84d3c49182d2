// isolation.js on a host that sets no headers: a folder with the package beside the page.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ENGINES, LIMIT, missing, serveFor, useBrowser } from './support.js';

const GLUE = fileURLToPath(new URL('../../js-glue', import.meta.url));
const PAGE = fileURLToPath(new URL('pages/hosted', import.meta.url));
const READY_MS = 80_000;

for (const engine of Object.keys(ENGINES)) {
  describe(`isolation.js in ${engine}`, { skip: missing(engine) }, () => {
    const used = useBrowser(engine, { sites: false });
    let folder;
    before(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'weft-hosted-'));
      const home = path.join(folder, 'project'); // as below a user's name on GitHub Pages
      cpSync(PAGE, home, { recursive: true });
      for (const part of ['dist', 'wasm']) cpSync(path.join(GLUE, part), path.join(home, 'weft', part), { recursive: true });
      cpSync(path.join(GLUE, 'dist/isolation.js'), path.join(home, 'isolation.js'));
    });
    after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

    /** What the page has found out, once it has not loaded anew for a moment. */
    async function visit(page, url, wanted) {
      await page.goto(`${url}project/`).catch((error) => { // it is loaded anew meanwhile
        if (!/abort|interrupt|navigat/i.test(error.message)) throw error;
      });
      await page.waitForFunction((threads) => globalThis.result?.threads === threads, { timeout: READY_MS, polling: 50 }, wanted);
      return page.evaluate(() => globalThis.result);
    }

    it('isolates the page by loading it a second time', LIMIT, async (t) => {
      const url = await serveFor(t, folder, false);
      const page = await used.browser.newPage();
      t.after(() => page.close());
      const { loads, isolated, sum } = await visit(page, url, 2);
      assert.deepEqual({ loads, isolated, sum }, { loads: 2, isolated: true, sum: 6.5 });
      const again = await used.browser.newPage();
      t.after(() => again.close());
      assert.equal((await visit(again, url, 2)).loads, 1); // the service worker is there already
    });
  });
}

describe('isolation.js without service workers', { skip: missing('chromium') }, () => {
  const used = useBrowser('chromium', { sites: false });
  it('leaves the page as it is', LIMIT, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-hosted-'));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
    cpSync(PAGE, folder, { recursive: true });
    for (const part of ['dist', 'wasm']) cpSync(path.join(GLUE, part), path.join(folder, 'weft', part), { recursive: true });
    cpSync(path.join(GLUE, 'dist/isolation.js'), path.join(folder, 'isolation.js'));
    const url = await serveFor(t, folder, false);
    const page = await used.browser.newPage();
    await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, 'serviceWorker', { value: undefined }));
    await page.goto(url);
    await page.waitForFunction(() => globalThis.result, { timeout: READY_MS });
    const { loads, threads, sum, reason } = await page.evaluate(() => globalThis.result);
    assert.deepEqual({ loads, threads, sum }, { loads: 1, threads: 0, sum: 6.5 });
    assert.match(reason, /Cross-Origin-Opener-Policy/);
  });
});
