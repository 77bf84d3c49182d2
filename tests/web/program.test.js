// Programs with POSIX threads in a browser.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer } from './server.js';
import { launch, missing } from './support.js';

const LIMIT = { timeout: 90_000 };
const PAGE = 'tests/web/pages/program.html';

for (const engine of /** @type {const} */ (['chromium', 'firefox'])) {
  describe(`runProgram in ${engine}`, { skip: missing(engine) }, () => {
    let server;
    let browser;

    before(async () => {
      server = await startServer();
      browser = await launch(engine);
    }, { timeout: 90_000 });

    after(async () => {
      await browser?.close();
      await server?.close();
    });

    /** What the page's `play` says of a scene; all of them without one. */
    async function play(t, site, ...scene) {
      const page = await browser.newPage();
      t.after(() => page.close().catch(() => {}));
      await page.goto(server.at(site, PAGE), { timeout: 20_000 });
      await page.waitForFunction(() => 'play' in globalThis, { timeout: 20_000 });
      return page.evaluate((...name) => globalThis.play(...name), ...scene);
    }

    it('plays all scenes', { timeout: 180_000 }, async (t) => {
      const names = await play(t, 'isolated');
      assert.ok(names.length > 8);
      for (const name of names) {
        await t.test(name, LIMIT, async (inner) => assert.equal(await play(inner, 'isolated', name), 'fine'));
      }
    });

    it('runs under a strict content security policy', LIMIT, async (t) => {
      assert.equal(await play(t, 'policy', 'ends as the program does, from whichever thread'), 'fine');
    });

    it('says which headers are missing', LIMIT, async (t) => {
      assert.match(await play(t, 'plain', 'passes arguments, environment and the time'),
        /WEFT_ERR_UNSUPPORTED.*"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"/s);
    });

    it('says that its workers may not start', LIMIT, async (t) => {
      assert.match(await play(t, 'policyAgainstWorkers', 'passes arguments, environment and the time'), /WEFT_ERR_WORKER/);
    });
  });
}
