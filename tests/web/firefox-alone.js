// Firefox without WebDriver, for what runs in a dedicated worker of a page: an attached debugger,
// WebDriver or the developer tools, makes Firefox block a worker for ever in `new Worker` now and
// then. (WorkerDebuggerManager lets the creating thread wait on the condition variable on which the
// new thread sleeps, and wakes one of the two.) The page asks the test for work and posts results.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ENGINES } from './support.js';

/** No page but ours, and nothing from the network. */
const PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'app.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/**
 * Starts a Firefox that runs scenes in dedicated workers, each `run` in a new one.
 *
 * @param {Awaited<ReturnType<typeof import('./server.js').startServer>>} server
 */
export async function launchAlone(server) {
  const profile = mkdtempSync(path.join(tmpdir(), 'weft-firefox-'));
  writeFileSync(path.join(profile, 'user.js'),
    Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
  const { executablePath } = ENGINES.firefox;
  const firefox = spawn(executablePath, ['--headless', '--no-remote', '--profile', profile, server.at('isolated', 'tests/web/pages/alone.html')],
    { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => firefox.once('exit', resolve).once('error', resolve));
  return {
    /** @returns {Promise<any>} */
    async run(name, ...args) {
      const { value, error } = await server.ask({ name, args });
      if (error) throw Object.assign(new Error(`in the worker: ${error.message}\n${error.stack}`), { code: error.code });
      return value;
    },
    async close() {
      try {
        process.kill(-firefox.pid, 'SIGKILL');
      } catch { /* it has ended */ }
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
