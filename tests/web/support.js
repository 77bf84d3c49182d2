// What the browser tests share: a browser, and pages on the sites of server.js.

import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

/** A test that hangs fails, and not the run. */
export const LIMIT = { timeout: 200_000 };

export const ENGINES = {
  chromium: {
    browser: 'chrome',
    executablePath: process.env.WEFT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-timer-throttling'],
  },
  firefox: {
    browser: 'firefox',
    executablePath: process.env.WEFT_FIREFOX ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find(existsSync) ?? '/usr/bin/firefox-esr',
  },
};

/** The engines that must be there; without the variable those that are. */
const required = process.env.WEFT_BROWSERS?.split(',') ?? [];

/** Why the tests of an engine are left out, false if they are not. */
export function missing(engine) {
  const { executablePath } = ENGINES[engine];
  return existsSync(executablePath) || required.includes(engine) ? false : `${executablePath} is not there`;
}

/** Starts a browser on a profile of its own, in a temporary folder that ends with it. */
export function launch(engine) {
  return puppeteer.launch({ headless: true, timeout: 150_000, protocolTimeout: 200_000, ...ENGINES[engine] });
}

/**
 * A page, with what it prints; it is closed when the test ends.
 *
 * @returns {Promise<{ run: Function, runInWorker: Function, lines: string[], page: import('puppeteer-core').Page }>}
 */
export async function openPage(t, browser, url) {
  const page = await browser.newPage();
  t.after(() => page.close().catch(() => {})); // of a browser that is closed
  const lines = [];
  page.on('console', (message) => lines.push(message.text()));
  page.on('pageerror', (error) => lines.push(`error: ${error.message ?? error}`));
  await page.goto(url, { timeout: 100_000 });
  await page.waitForFunction(() => document.querySelector('#state').textContent === 'ready', { timeout: 100_000 })
    .catch(() => { throw new Error(`the page is not ready; it printed: ${lines.join('\n')}`); });
  const call = (how) => async (...args) => {
    const { value, error } = await page.evaluate((name, list) => globalThis[name](...list), how, args);
    if (error) throw Object.assign(new Error(`in the page: ${error.message}\n${error.stack}`), { code: error.code, text: error.message });
    return value;
  };
  return { run: call('run'), runInWorker: call('runInWorker'), lines, page };
}
