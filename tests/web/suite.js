// The tests of weft in a browser, the same for each engine. One browser serves all of them.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { launchAlone } from './firefox-alone.js';
import { LIMIT, missing, openPage, useBrowser } from './support.js';

const PAGE = 'tests/web/pages/page.html';
const STARTS = 20;
const GAP_MS = 3000;
/** A page that waits for its workers has a gap as long as all of that, in every try; a busy machine has some. */
const GAP_MOST_MS = 1500;
const TRIES = 10;

/** Of "abc", by b3sum. */
const ABC = '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85';

const emscripten = fileURLToPath(new URL('../../js-glue/wasm/emscripten-browser/weft_kernels.mjs', import.meta.url));

/** @param {'chromium' | 'firefox'} engine */
export function defineSuite(engine) {
  describe(`weft in ${engine}`, { skip: missing(engine) }, () => {
    const used = useBrowser(engine);
    const openIn = (t, site = 'isolated') => openPage(t, used.browser, used.server.at(site, PAGE));

    for (const place of /** @type {const} */ (['run', 'runInWorker'])) {
      describe(place === 'run' ? 'from a page' : 'from a dedicated worker', () => {
        const alone = place === 'runInWorker' && engine === 'firefox';
        let firefox;
        before(async () => {
          if (alone) firefox = await launchAlone(used.server);
        });
        after(async () => {
          await firefox?.close();
        }, { timeout: 200_000 });
        const open = (t) => (alone ? { runInWorker: firefox.run } : openIn(t));

        for (const scene of ['tasks', 'control', 'traps']) {
          it(`${scene} on 2 threads`, LIMIT, async (t) => {
            await (await open(t))[place](scene, 2);
          });
        }

        for (const scene of ['shared', 'replacement', 'copy', 'close']) {
          it(scene, LIMIT, async (t) => {
            await (await open(t))[place](scene);
          });
        }

        it('gives the same bits on 0, 1, 2 and 8 threads', LIMIT, async (t) => {
          const page = await open(t);
          const calls = [];
          const sums = [];
          for (const threads of [0, 1, 2, 8]) {
            calls.push((await page[place]('call', threads)).sum);
            sums.push(await page[place]('algebra', threads));
          }
          for (const list of [calls, sums]) assert.deepEqual(list, list.map(() => list[0]));
        });

        it('starts and ends again and again', LIMIT, async (t) => {
          const page = await open(t);
          for (let i = 0; i < STARTS; i++) assert.equal((await page[place]('open', { threads: 1 + i % 4 })).sum, 3);
        });

        it('never sleeps on a page', LIMIT, async (t) => {
          assert.equal(await (await open(t))[place]('blocking'), place === 'run' ? 'refused' : 'waited');
        });
      });
    }

    it('hashes text, files and what a URL names', LIMIT, async (t) => {
      assert.equal(await (await openIn(t)).run('hash'), ABC);
    });

    it('prints whole lines from workers and from the page', LIMIT, async (t) => {
      for (const threads of [2, 0]) {
        const page = await openIn(t);
        await page.run('print', threads);
        await page.page.waitForFunction(() => true); // what is printed comes before the answer
        assert.deepEqual(page.lines.filter((line) => /line|gr/.test(line)), ['a whole line', 'grüß'], `${threads} threads`);
      }
    });

    it('takes the browser\'s word for the number of threads', LIMIT, async (t) => {
      const page = await openIn(t);
      const { threads, threadsFrom } = await page.run('open');
      assert.deepEqual([threads, threadsFrom], [await page.page.evaluate(() => navigator.hardwareConcurrency), 'hardwareConcurrency']);
    });

    it('runs Emscripten\'s modules', { ...LIMIT, skip: existsSync(emscripten) ? false : 'it is not built' }, async (t) => {
      assert.deepEqual(await (await openIn(t)).run('emscripten'), ['emscripten', 2000]);
    });

    describe('without isolation', () => {
      const OPENER = /"Cross-Origin-Opener-Policy: same-origin"/;
      const EMBEDDER = /"Cross-Origin-Embedder-Policy: require-corp"/;
      for (const [site, lacks] of Object.entries({ plain: [OPENER, EMBEDDER], opener: [EMBEDDER], embedder: [OPENER] })) {
        it(`names the header that is missing: ${site}`, LIMIT, async (t) => {
          const { threads, reason, sum } = await (await openIn(t, site)).run('open');
          assert.deepEqual([threads, sum], [0, 3]);
          for (const header of [OPENER, EMBEDDER]) assert.equal(header.test(reason), lacks.includes(header), reason);
        });
      }

      it('runs the same calls on the page', LIMIT, async (t) => {
        const page = await openIn(t, 'plain');
        assert.deepEqual(await page.run('algebra', 2), await (await openIn(t)).run('algebra', 2));
        await page.run('tasks', 0);
        await page.run('traps', 0);
      });

      it('is refused where it is told to be strict', LIMIT, async (t) => {
        await assert.rejects((await openIn(t, 'plain')).run('open', { strict: true }), { code: 'WEFT_ERR_WORKER' });
      });
    });

    describe('under a Content-Security-Policy', () => {
      it('needs no more than wasm-unsafe-eval and workers of its own', LIMIT, async (t) => {
        const page = await openIn(t, 'policy');
        await page.run('call', 2);
        await page.run('tasks', 2);
        await page.run('traps', 2);
        assert.deepEqual(page.lines.filter((line) => /policy/i.test(line)), []);
      });

      it('says what a policy is in the way of', LIMIT, async (t) => {
        for (const [site, code, message] of [
          ['policyAgainstWasm', 'WEFT_ERR_MODULE', /cannot compile the module/],
          ['policyAgainstWorkers', 'WEFT_ERR_WORKER', /worker-src/],
          ['policyAgainstFetch', 'WEFT_ERR_MODULE', /connect-src/],
        ]) await fails(await openIn(t, site), code, message);
      });
    });

    describe('with a broken site', () => {
      for (const [site, code, message] of [
        ['workerMissing', 'WEFT_ERR_WORKER', /worker-browser\.js.*is it there/],
        ['workerIsText', 'WEFT_ERR_WORKER', /worker-browser\.js.*text\/javascript/],
        ['wasmIsPage', 'WEFT_ERR_MODULE', /is a page \(text\/html/],
        ['wasmMissing', 'WEFT_ERR_MODULE', /404/],
      ]) {
        it(`ends at once: ${site}`, LIMIT, async (t) => fails(await openIn(t, site), code, message));
      }

      it('runs a module that is served as text', LIMIT, async (t) => {
        assert.equal((await (await openIn(t, 'wasmIsText')).run('open', { threads: 2 })).sum, 3);
      });
    });

    it('leaves the page its frames while every worker is busy', LIMIT, async (t) => {
      const page = await openIn(t);
      const seen = [];
      const free = ({ longest, frames }) => longest < GAP_MOST_MS && frames > 10;
      do {
        const { longest, frames, longTasks } = await page.run('gap', 2, GAP_MS);
        t.diagnostic(`${engine}: the longest time between two of ${frames} frames was ${longest.toFixed(1)} ms; long tasks: ${longTasks ? longTasks.length : 'not known here'}`);
        seen.push({ longest, frames });
      } while (!free(seen.at(-1)) && seen.length < TRIES);
      assert.ok(free(seen.at(-1)), JSON.stringify(seen));
    });
  });
}

/** createRuntime rejects with this code and a message of this form; one that waited too long has another. */
async function fails(page, code, message) {
  const error = await page.run('open', { threads: 2 }).then(() => assert.fail('it opened'), (reason) => reason);
  assert.equal(error.code, code, error.message);
  assert.match(error.text, message);
}
