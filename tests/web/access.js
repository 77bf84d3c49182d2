// The demo for everybody: no fault that axe-core finds, on a desk and on a phone, in light and dark,
// and nothing that needs a mouse.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { nextPicture, openDemo, raceEnds, settled, text, wait, whyNot } from './demo_page.js';
import { useBrowser } from './support.js';

const LIMIT = { timeout: 400_000 };
const APPEARS = { timeout: 200_000 };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = ['explore', 'race', 'inside', 'doctor'];
const SIZES = { desk: [1000, 800], phone: [390, 844] };
const TRIES = 10;
/** More than any view has. */
const STOPS_MOST = 60;

/** What axe-core finds: WCAG 2.2 to AA, best practices, and the size of targets, which it leaves out by itself. */
async function faultsOf(page) {
  await page.evaluate((code) => globalThis.axe ?? (0, eval)(code), AXE);
  return page.evaluate(async () => (await globalThis.axe.run({ rules: { 'target-size': { enabled: true } } })).violations
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('; ')}`));
}

/** Opens a view by its link, with something to see. */
async function visit(page, view) {
  await page.click(`#to-${view}`);
  await page.waitForSelector(`#${view}[data-open]`, APPEARS);
  if (view === 'explore') await page.$eval('#show-owners', (box) => box.checked || box.click());
  if (view === 'race') {
    await page.click('#race-start');
    await raceEnds(page);
    await page.click('#race-copy');
  }
  if (view === 'inside') {
    await page.click('#record');
    await page.waitForSelector('#inside-result:not([hidden])', APPEARS);
  }
}

/** What has the focus, and whether that can be seen. */
const focus = (page) => page.evaluate(() => {
  const active = document.activeElement;
  const zone = active.closest('.drop') ?? active; // it stands for a hidden input
  const { outlineStyle, outlineWidth } = getComputedStyle(zone);
  const box = zone.getBoundingClientRect();
  return {
    id: active.id || active.getAttribute('aria-label') || active.textContent.trim(),
    seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && box.width > 4 && box.height > 4 && box.bottom > 0 && box.top < innerHeight,
  };
});

/**
 * Presses Tab until an element has the focus; each one on the way must show it. Never past the end
 * of the page: headless browsers have nothing there that would give the focus back.
 */
async function tabTo(page, id, { back = false } = {}) {
  const way = [];
  if (back) await page.keyboard.down('Shift');
  for (let i = 0; i < STOPS_MOST; i++) {
    await page.keyboard.press('Tab');
    const { id: at, seen } = await focus(page);
    way.push(at);
    assert.ok(seen, `the focus on ${at} cannot be seen, on the way to ${id} by ${way.join(', ')}`);
    if (at !== id) continue;
    if (back) await page.keyboard.up('Shift');
    return;
  }
  assert.fail(`Tab does not come to ${id}, only to ${way.join(', ')}`);
}

/** @param {'chromium' | 'firefox'} engine */
export function defineAccess(engine) {
  for (const scheme of /** @type {const} */ (['light', 'dark'])) {
    describe(`the demo for everybody, ${scheme}, in ${engine}`, { skip: whyNot(engine) }, () => {
      const used = useBrowser(engine, { scheme });

      for (const [name, size] of Object.entries(SIZES)) {
        it(`has no fault that axe-core finds, on a ${name}`, LIMIT, async (t) => {
          const page = await openDemo(t, used, 'explore', { size });
          assert.equal(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches), scheme === 'dark');
          for (const view of VIEWS) {
            await visit(page, view);
            assert.deepEqual(await faultsOf(page), [], view);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} is too wide`);
          }
        });
      }

      it('has none where things are missing', LIMIT, async (t) => {
        const page = await openDemo(t, used, 'explore', { site: 'plain', size: SIZES.phone });
        for (const view of ['explore', 'doctor']) {
          await visit(page, view);
          assert.deepEqual(await faultsOf(page), [], view);
        }
        const broken = await openDemo(t, used, 'explore', { site: 'wasmMissing', calm: false, size: SIZES.phone });
        await broken.waitForSelector('#error:not([hidden])', APPEARS);
        assert.deepEqual(await faultsOf(broken), []);
      });
    });
  }

  describe(`the demo by keyboard alone, in ${engine}`, { skip: whyNot(engine) }, () => {
    const used = useBrowser(engine);

    it('explores', LIMIT, async (t) => {
      const page = await openDemo(t, used, '');
      await settled(page);
      await tabTo(page, 'Skip to the content');
      await page.keyboard.press('Enter');
      await tabTo(page, 'picture');
      for (const key of ['+', 'ArrowLeft', '-', 'Home']) await nextPicture(page, () => page.keyboard.press(key));
      await tabTo(page, 'zoom-in');
      await nextPicture(page, () => page.keyboard.press('Enter'));
      await tabTo(page, 'threads');
      await nextPicture(page, () => page.keyboard.press('ArrowLeft'));
      await tabTo(page, 'place');
      await nextPicture(page, () => page.keyboard.press('ArrowDown'));
      await tabTo(page, 'kind-mandelbrot');
      await nextPicture(page, () => page.keyboard.press('ArrowDown'));
      assert.equal(await page.$eval('#kind-julia', ({ checked }) => checked), true);
      await tabTo(page, 'show-owners');
      await page.keyboard.press(' ');
      await page.waitForSelector('#legend:not([hidden])', APPEARS);
    });

    it('races, cancels and copies', LIMIT, async (t) => {
      const page = await openDemo(t, used, '');
      await tabTo(page, 'to-race');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#race[data-open]', APPEARS);
      await tabTo(page, 'work-blur');
      await page.keyboard.press('ArrowDown');
      assert.equal(await page.$eval('#work-sort', ({ checked }) => checked), true);
      await tabTo(page, 'race-start');
      const state = () => page.evaluate(() => document.body.dataset.race);
      for (let i = 0; i < TRIES && await state() !== 'cancelled'; i++) { // on a busy machine a race may be over before its key
        await page.keyboard.press('Enter');
        await wait(page, () => document.body.dataset.race === 'running');
        await page.keyboard.press('Enter');
        await raceEnds(page);
      }
      assert.equal(await state(), 'cancelled');
      await page.keyboard.press('Enter');
      await wait(page, () => document.body.dataset.race === 'running');
      await raceEnds(page);
      await tabTo(page, 'race-copy');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#race-text:not([hidden])', APPEARS);
      await tabTo(page, 'race-text');
    });

    it('looks inside, and asks the doctor', LIMIT, async (t) => {
      const page = await openDemo(t, used, '');
      await tabTo(page, 'to-inside');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#inside[data-open]', APPEARS);
      await tabTo(page, 'record');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#inside-result:not([hidden])', APPEARS);
      await page.evaluate(() => {
        URL.createObjectURL = () => {
          globalThis.saved = true;
          return '#inside';
        };
      });
      await tabTo(page, 'trace');
      await page.keyboard.press('Enter');
      await wait(page, () => globalThis.saved);
      await tabTo(page, 'to-doctor', { back: true });
      await page.keyboard.press('Enter');
      await page.waitForSelector('#doctor[data-open]', APPEARS);
      assert.match(await text(page, 'verdict'), /^All is there/);
      await tabTo(page, 'Copy the lines for nginx');
      await page.keyboard.press('Enter');
      await wait(page, () => document.querySelector('#recipes button').textContent !== 'Copy');
    });
  });
}
