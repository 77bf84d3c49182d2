// isolation.js on a host that sets no headers: a folder with the package beside the page.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from '../../js-glue/cli/serve.js';
import { ENGINES, LIMIT, launch, missing } from './support.js';

const GLUE = fileURLToPath(new URL('../../js-glue', import.meta.url));
const PAGE = fileURLToPath(new URL('pages/hosted', import.meta.url));
const READY_MS = 80_000;

for (const engine of Object.keys(ENGINES)) {
  describe(`isolation.js in ${engine}`, { skip: missing(engine) }, () => {
    let site;
    let folder;
    let browser;
    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'weft-hosted-'));
      const home = path.join(folder, 'project'); // as below a user's name on GitHub Pages
      cpSync(PAGE, home, { recursive: true });
      for (const part of ['dist', 'wasm']) cpSync(path.join(GLUE, part), path.join(home, 'weft', part), { recursive: true });
      cpSync(path.join(GLUE, 'dist/isolation.js'), path.join(home, 'isolation.js'));
      site = await serve({ folder, host: '127.0.0.1', port: 0, isolated: false });
      browser = await launch(engine);
    }, { timeout: 200_000 });
    after(async () => {
      await browser?.close();
      site?.server.close();
      site?.server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }, { timeout: 200_000 });

    /** What the page has found out, once it has not loaded anew for a moment. */
    async function visit(page, wanted) {
      await page.goto(`${site.url}project/`).catch((error) => { // it is loaded anew meanwhile
        if (!/abort|interrupt|navigat/i.test(error.message)) throw error;
      });
      await page.waitForFunction((threads) => globalThis.result?.threads === threads, { timeout: READY_MS, polling: 50 }, wanted);
      return page.evaluate(() => globalThis.result);
    }

    it('isolates the page by loading it a second time', LIMIT, async (t) => {
      const page = await browser.newPage();
      t.after(() => page.close());
      const { loads, isolated, sum } = await visit(page, 2);
      assert.deepEqual({ loads, isolated, sum }, { loads: 2, isolated: true, sum: 6.5 });
      const again = await browser.newPage();
      t.after(() => again.close());
      assert.equal((await visit(again, 2)).loads, 1); // the service worker is there already
    });
  });
}

describe('isolation.js without service workers', { skip: missing('chromium') }, () => {
  it('leaves the page as it is', LIMIT, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'weft-hosted-'));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
    cpSync(PAGE, folder, { recursive: true });
    for (const part of ['dist', 'wasm']) cpSync(path.join(GLUE, part), path.join(folder, 'weft', part), { recursive: true });
    cpSync(path.join(GLUE, 'dist/isolation.js'), path.join(folder, 'isolation.js'));
    const { server, url } = await serve({ folder, host: '127.0.0.1', port: 0, isolated: false });
    t.after(() => { server.close(); server.closeAllConnections(); });
    const browser = await launch('chromium');
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, 'serviceWorker', { value: undefined }));
    await page.goto(url);
    await page.waitForFunction(() => globalThis.result, { timeout: READY_MS });
    const { loads, threads, sum, reason } = await page.evaluate(() => globalThis.result);
    assert.deepEqual({ loads, threads, sum }, { loads: 1, threads: 0, sum: 6.5 });
    assert.match(reason, /Cross-Origin-Opener-Policy/);
  });
});
