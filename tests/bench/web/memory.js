// Memory of a browser while a page of it hashes a large file.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const MIB = 2 ** 20;
const LARGE_MIB = 3072;
const LOOK_MS = 100;
/** Of the curve. */
const POINTS = 12;

/** Resident bytes of a process and of those that it has started. */
export function residentBytes(root) {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, , parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      parents.set(Number(pid), Number(parent));
    } catch { /* it has ended */ }
  }
  const below = (pid) => { for (; pid; pid = parents.get(pid)) if (pid === root) return true; return false; };
  let pages = 0;
  for (const pid of parents.keys()) {
    if (!below(pid)) continue;
    try {
      const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
      pages += resident - shared;
    } catch { /* it has ended */ }
  }
  return pages * 4096;
}

/** The digest by b3sum, where there is one. @param {string} file */
export function digestOf(file) {
  try {
    return execFileSync('b3sum', ['--no-names', file], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** A large file that takes no room on the disk: zeros, with a mark at its end. @param {string} folder */
export function makeLargeFile(folder) {
  const file = path.join(folder, 'sparse.bin');
  writeFileSync(file, '');
  truncateSync(file, LARGE_MIB * MIB - 4);
  writeFileSync(file, 'weft', { flag: 'a' });
  return { file, digest: digestOf(file) };
}

/**
 * What the browser holds while `rt.hash` streams the file, in MiB over what it held before: of
 * all its processes, and of JavaScript's heap where the engine tells (Chromium).
 *
 * @param {import('puppeteer-core').Browser} browser
 * @param {string} url  of tests/web/pages/page.html
 * @param {{ file: string, digest?: string }} input  @param {number} threads
 */
export async function hashLargeFile(browser, url, { file, digest }, threads) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#state').textContent === 'ready');
  await page.evaluate(() => document.body.append(Object.assign(document.createElement('input'), { type: 'file' })));
  await (await page.$('input')).uploadFile(file);
  const root = browser.process().pid;
  const heap = async () => {
    try {
      return (await page.metrics()).JSHeapUsedSize;
    } catch {
      return NaN; // Chromium alone tells
    }
  };
  const samples = [];
  let going = true;
  const before = residentBytes(root);
  const outcome = page.evaluate((count) => globalThis.run('hashFile', count), threads).finally(() => { going = false; });
  outcome.catch(() => {}); // awaited below
  while (going) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const done = await page.evaluate(() => globalThis.hashedBytes ?? 0);
    if (done > 0) samples.push({ done, resident: (residentBytes(root) - before) / MIB, heap: (await heap()) / MIB });
  }
  const { value, error } = await outcome;
  await page.close();
  if (error) throw new Error(error.message);
  return { ...curveOf(samples), seconds: value.ms / 1000, equal: digest === undefined ? 'no b3sum here' : value.digest === digest, fileMiB: LARGE_MIB, sharedMemoryMiB: value.memoryBytes / MIB };
}

/** The most that was seen in each part of the file; flat: the last half has no more than the first. */
function curveOf(samples) {
  const most = (from, to, name) => Math.round(Math.max(...samples.filter(({ done }) => done > from && done <= to).map((each) => each[name])));
  const total = LARGE_MIB * MIB;
  const parts = Array.from({ length: POINTS }, (_, i) => [(total * i) / POINTS, (total * (i + 1)) / POINTS])
    .filter(([from, to]) => samples.some(({ done }) => done > from && done <= to));
  const heaps = samples.every(({ heap }) => Number.isFinite(heap));
  return {
    samples: samples.length,
    curve: parts.map(([from, to]) => ({
      upToMiB: Math.round(to / MIB), residentMiB: most(from, to, 'resident'), ...(heaps ? { heapMiB: most(from, to, 'heap') } : {}),
    })),
    firstHalfMiB: most(0, total / 2, 'resident'),
    lastHalfMiB: most(total / 2, total, 'resident'),
  };
}
