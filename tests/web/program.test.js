// Programs with POSIX threads in a browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing, useBrowser } from './support.js';

const BUILD = process.env.WEFT_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));
const zstd = { native: path.join(BUILD, 'native/tests/ports/zstd'), wasi: path.join(BUILD, 'wasi/tests/ports/zstd.wasm') };
const withoutZstd = Object.values(zstd).every((file) => existsSync(file)) ? false : 'zstd is not built for native and wasi';
const LIMIT = { timeout: 200_000 };
const PAGE = 'tests/web/pages/program.html';

for (const engine of /** @type {const} */ (['chromium', 'firefox'])) {
  describe(`runProgram in ${engine}`, { skip: missing(engine) }, () => {
    const used = useBrowser(engine);

    async function open(t, site) {
      const page = await used.browser.newPage();
      t.after(() => page.close().catch(() => {}));
      await page.goto(used.server.at(site, PAGE), { timeout: 100_000 });
      await page.waitForFunction(() => 'play' in globalThis, { timeout: 100_000 });
      return page;
    }

    /** What the page's `play` says of a scene; all of them without one. */
    async function play(t, site, ...scene) {
      const page = await open(t, site);
      return page.evaluate((...name) => globalThis.play(...name), ...scene);
    }

    it('plays all scenes', { timeout: 600_000 }, async (t) => {
      const names = await play(t, 'isolated');
      assert.ok(names.length > 8);
      for (const name of names) {
        await t.test(name, LIMIT, async (inner) => assert.equal(await play(inner, 'isolated', name), 'fine'));
      }
    });

    it('compresses the node executable with zstd on 1 and 2 threads, as natively', { timeout: 400_000, skip: withoutZstd }, async (t) => {
      const home = mkdtempSync(path.join(os.tmpdir(), 'weft-web-'));
      const served = path.join(BUILD, path.basename(home)); // within what the server gives
      t.after(() => [home, served].forEach((file) => rmSync(file, { recursive: true, force: true })));
      copyFileSync(process.execPath, served);
      const out = path.join(home, 'out');
      for (const threads of ['1', '2']) {
        execFileSync(zstd.native, [threads, process.execPath, out]);
        const wanted = createHash('sha256').update(readFileSync(out)).digest('hex');
        const page = await open(t, 'isolated');
        const found = await page.evaluate((...args) => globalThis.compress(...args), threads, path.basename(served));
        assert.equal(found.sha256, wanted, JSON.stringify(found));
        t.diagnostic(`on ${threads}: ${found.seconds} s`);
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
