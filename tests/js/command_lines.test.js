// The scripts of package.json say what is wrong with their options before they do anything.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { LIMIT } from './support.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
const ours = Object.entries(scripts).filter(([, command]) => /^node tests\/[\w/]+\.js/.test(command));

describe('npm run', () => {
  it('has the scripts that are tested here', () => assert.ok(ours.length >= 10, `${ours.length}`));

  for (const [name, command] of ours) {
    it(`${name} refuses an option that it does not know`, LIMIT, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...command.split(' ').slice(1), '--frobnicate'],
        { cwd: ROOT, encoding: 'utf8', timeout: 120_000 });
      assert.match(stderr, /unknown option '--frobnicate'/i);
      assert.equal(stdout, '');
      assert.equal(status, 2);
    });
  }
});
