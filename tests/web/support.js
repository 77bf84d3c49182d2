// What the browser tests share: a browser, and pages on the sites of server.js.

import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import puppeteer from 'puppeteer-core';
import { serve } from '../../js-glue/cli/serve.js';
import { startServer } from './server.js';

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

/** What makes a browser prefer light or dark. */
const SCHEMES = {
  light: { args: ['--blink-settings=preferredColorScheme=1'], extraPrefsFirefox: { 'layout.css.prefers-color-scheme.content-override': 1 } },
  dark: { args: ['--blink-settings=preferredColorScheme=0'], extraPrefsFirefox: { 'layout.css.prefers-color-scheme.content-override': 0 } },
};

/**
 * Starts a browser on a profile of its own, in a temporary folder that ends with it.
 *
 * @param {'chromium' | 'firefox'} engine  @param {'light' | 'dark'} [scheme]
 */
export function launch(engine, scheme = 'light') {
  const { args = [], ...given } = ENGINES[engine];
  const { args: more, extraPrefsFirefox } = SCHEMES[scheme];
  return puppeteer.launch({
    headless: true, timeout: 150_000, protocolTimeout: 200_000, ...given,
    ...(engine === 'firefox' ? { extraPrefsFirefox } : { args: [...args, ...more] }),
  });
}

/**
 * A browser for the tests of a `describe`; it ends with them. Both fields are there once a test
 * runs; `server` only where `sites` of server.js are wanted.
 *
 * @param {'chromium' | 'firefox'} engine
 * @param {{ sites?: boolean, scheme?: 'light' | 'dark' }} [options]
 */
export function useBrowser(engine, { sites = true, scheme } = {}) {
  /** @type {{ browser: import('puppeteer-core').Browser, server: Awaited<ReturnType<typeof startServer>> }} */
  const used = Object.create(null);
  before(async () => {
    if (sites) used.server = await startServer();
    used.browser = await launch(engine, scheme);
  }, { timeout: 200_000 });
  after(async () => {
    await used.browser?.close();
    await used.server?.close();
  }, { timeout: 200_000 });
  return used;
}

/** Serves a folder as `weft serve` does until the test, or the `describe`, ends. @returns {Promise<string>}  its URL */
export async function serveFor(t, folder, isolated = true) {
  const { server, url } = await serve({ folder, host: '127.0.0.1', port: 0, isolated });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return url;
}

/** What a page prints and what nobody catches in it. @param {import('puppeteer-core').Page} page  @returns {string[]} */
export function linesOf(page, wanted = () => true) {
  const lines = [];
  page.on('console', (message) => wanted(message) && lines.push(message.text()));
  page.on('pageerror', (error) => lines.push(`error: ${error.message ?? error}`));
  return lines;
}

/** What the `output` of a page says, once it is not `...` any more, and what the page printed. */
export async function outputOf(t, browser, url) {
  const page = await browser.newPage();
  t.after(() => page.close());
  const lines = linesOf(page);
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('output').textContent !== '...', { timeout: 150_000 })
    .catch(() => { throw new Error(`nothing came; the page printed: ${lines.join('\n')}`); });
  return { page, lines, text: await page.$eval('output', (element) => element.textContent) };
}

/**
 * A page, with what it prints; it is closed when the test ends.
 *
 * @returns {Promise<{ run: Function, runInWorker: Function, lines: string[], page: import('puppeteer-core').Page }>}
 */
export async function openPage(t, browser, url) {
  const page = await browser.newPage();
  t.after(() => page.close().catch(() => {})); // of a browser that is closed
  const lines = linesOf(page);
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
