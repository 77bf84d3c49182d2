// Finds what is missing on this machine and installs it. Uses nothing but Node itself, because it
// runs on a fresh clone. Does nothing, and needs no network, where everything is there.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NEEDS } from './needs.js';
import { ROOT, ask, has, secondsSince, step } from './run.js';

const NODE_LEAST = 20;
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=120'];

/** Set-up cannot go on; the message says what to do. */
export class SetupError extends Error {}

/**
 * @param {object} options
 * @param {string[]} options.targets  that are wanted
 * @param {boolean} [options.explicit]  somebody asked for exactly these: all must work
 * @param {import('./needs.js').Need[]} [options.extras]  wanted, but nothing fails without
 * @param {boolean} [options.npm]  install the npm packages too
 * @returns {Promise<{ targets: string[], left: Map<string, string> }>}  the targets that can be
 *   built, and those left out with the reason
 * @throws {SetupError}
 */
export async function setUp({ targets, explicit = false, extras = [], npm = false }) {
  const start = performance.now();
  if (Number(process.versions.node.split('.')[0]) < NODE_LEAST) {
    throw new SetupError(`Node ${NODE_LEAST} or newer is needed; this is ${process.version}.`);
  }
  const wanted = [...NEEDS.filter((need) => need.targets.some((name) => targets.includes(name))),
    ...extras];
  let missing = wanted.filter((need) => !need.there());
  if (missing.length > 0) {
    await install(missing);
    missing = missing.filter((need) => !need.there());
  }
  const left = new Map();
  for (const need of missing) {
    console.log(`  not to be had here: ${need.what}`);
    for (const name of need.targets) if (targets.includes(name)) left.set(name, `no ${need.what}`);
  }
  if (explicit && left.size > 0) {
    throw new SetupError([...left].map(([name, why]) => `${name}: ${why}`).join('\n'));
  }
  if (npm) await installNpmPackages();
  console.log(`set-up: ready after ${secondsSince(start)}\n`);
  return { targets: targets.filter((name) => !left.has(name)), left };
}

/** Installs what is missing if this user may; complains, and returns, where something is not had. */
async function install(missing) {
  console.log(`set-up: missing: ${missing.map((need) => need.what).join('; ')}`);
  if (!has('apt-get')) {
    console.log('  this machine has no apt-get; install these by its own means and try again');
    return;
  }
  const sudo = process.getuid() === 0 ? [] : ['sudo', '-n'];
  if (sudo.length > 0 && ask('sudo', ['-n', 'true']) === null) {
    const packages = missing.flatMap((need) => need.packages()).join(' ');
    throw new SetupError('Type this once (it needs the right to install packages), then try again:' +
      `\n\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}\n\n` +
      'or leave targets out, e.g. `npm start -- --targets native`.');
  }
  const aptGet = (title, ...args) => {
    const [command, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get',
      ...APT_OPTIONS, ...args];
    return step(title, command, rest);
  };
  await aptGet('apt-get update', 'update');
  const all = missing.flatMap((need) => need.packages());
  const together = await aptGet(`apt-get install ${all.join(' ')}`,
    'install', '-y', '--no-install-recommends', ...all);
  if (together.ok || missing.length === 1) return;
  for (const need of missing) { // one that cannot be had must not keep the others away
    const packages = need.packages();
    await aptGet(`apt-get install ${packages.join(' ')}`,
      'install', '-y', '--no-install-recommends', ...packages);
  }
}

/**
 * `npm ci`, unless node_modules is what the lock file asks for.
 *
 * @throws {SetupError}
 */
export async function installNpmPackages() {
  const lock = createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json'))).digest('hex');
  const stamp = path.join(ROOT, 'node_modules', '.weft-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const { ok } = await step('npm ci (development tools, pinned by package-lock.json)', 'npm', ['ci']);
  if (!ok) throw new SetupError('The npm packages could not be installed; see above.');
  writeFileSync(stamp, lock);
}
