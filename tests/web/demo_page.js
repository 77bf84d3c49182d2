// A page of the demo, which web-demo/build.js has put into build/demo.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { linesOf, missing } from './support.js';

const BUILD = process.env.WEFT_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));
const built = existsSync(path.join(BUILD, 'demo/index.html'));

/** Why the tests of the demo are left out in an engine, false if they are not. */
export const whyNot = (engine) => missing(engine) || (built ? false : 'build/demo is not there: node web-demo/build.js makes it');

/**
 * A page on a view; no test leaves an error or a breach of the policy unseen.
 *
 * @param {ReturnType<typeof import('./support.js').useBrowser>} used
 * @param {string} [view]  what follows the # of its address; empty: nothing does
 */
export async function openDemo(t, used, view = 'explore', { site = 'isolated', calm = true, size = [1000, 800], prepare = async () => {} } = {}) {
  const page = await used.browser.newPage();
  const lines = linesOf(page, (message) => message.type() === 'error');
  t.after(async () => {
    await page.close().catch(() => {});
    if (calm) assert.deepEqual(lines, []);
  });
  await page.setViewport({ width: size[0], height: size[1] });
  await prepare(page);
  await page.goto(used.server.at(site, `built/demo/index.html${view && '#'}${view}`), { timeout: 100_000 });
  if (calm) await page.waitForSelector(`#${view.split('?')[0] || 'explore'}[data-open]`, { timeout: 200_000 });
  return page;
}

export const wait = (page, condition, ...args) => page.waitForFunction(condition, { timeout: 200_000, polling: 30 }, ...args);
export const text = (page, id) => page.$eval(`#${id}`, (element) => element.textContent);

/** Until the picture that was asked for last is finished. */
export const settled = (page, after = 0) => wait(page, (count) => {
  const { asked = 0, finished = -1 } = document.querySelector('#picture').dataset;
  return finished === asked && Number(asked) > count;
}, after);

/** The same, of the picture that an act asks for. */
export async function nextPicture(page, act) {
  await settled(page);
  const before = await page.$eval('#picture', ({ dataset }) => Number(dataset.asked));
  await act();
  await settled(page, before);
}

export const raceEnds = (page) => wait(page, () => ['done', 'cancelled', 'failed'].includes(document.body.dataset.race));
