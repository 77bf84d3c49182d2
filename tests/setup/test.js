// npm test: sets up, builds every target and runs every test. The table at the end has a line per
// part; the very last line counts all of them.

import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildDemo } from '../../web-demo/build.js';
import { build, bundle } from './build.js';
import { UsageError, readCommandLine, runMain } from './command_line.js';
import { B3SUM, BROWSERS, REDIS, ZSTD } from './needs.js';
import { installNodes } from './nodes.js';
import { installPinned } from './pinned.js';
import { ROOT, secondsSince, step } from './run.js';
import { setUp } from './setup.js';

/** Of a file: many times what it takes, for machines that do other things as well. */
const JS_TEST_MS = 900_000;
const WEB_TEST_MS = 900_000;
const JS_AT_ONCE = 1; // they start threads of their own, and some measure time

/** What runs under the other versions of Node too. */
const EVERYWHERE = ['call', 'failure', 'lifecycle', 'package', 'ports', 'program', 'tasks'];

const PARTS = ['c', 'js', 'web', 'types'];
const USAGE = 'npm test [-- --targets LIST] [--filter TEXT] [--only c|js|web|types]';
const HELP = [
  '  --filter TEXT   only tests whose name (C: of the program, JS: of the file) contains TEXT',
  '  --only PART     c: the C tests; js: the JavaScript tests; web: those in browsers; types: the type check',
];

/**
 * A line of the table.
 * @typedef {{ part: string, passed: number, failed: number, seconds: string, note?: string }} Line
 */

/** Builds one preset and runs its C tests. @returns {Promise<Line>} */
async function testTarget(preset, filter, runC) {
  const start = performance.now();
  const line = (passed, failed, note) => ({ part: preset, passed, failed, note, seconds: secondsSince(start) });
  if (!(await build(preset))) return line(0, 1, 'does not build');
  if (!runC) return line(0, 0, 'only built');
  const only = filter === undefined ? [] : ['-R', filter, '--no-tests=ignore'];
  const { ok, output } = await step(`${preset}: test`, 'ctest', ['--preset', preset, ...only]);
  const counts = /(\d+) tests? failed out of (\d+)/.exec(output);
  const failed = counts ? Number(counts[1]) : 0;
  const total = counts ? Number(counts[2]) : 0;
  return line(total - failed, ok ? failed : Math.max(failed, 1), total === 0 ? 'no test' : undefined);
}

/**
 * Runs some of tests/js/*.test.js, or of another folder, under one Node.
 *
 * @returns {Promise<Line>}
 */
async function testJs(part, program, chosen, env, { folder = 'tests/js', limitMs = JS_TEST_MS } = {}) {
  const start = performance.now();
  const files = readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith('.test.js'))
    .filter((name) => chosen(name.replace('.test.js', '')));
  const line = (passed, failed, note) => ({ part, passed, failed, note, seconds: secondsSince(start) });
  if (files.length === 0) return line(0, 0, 'no test');
  const report = path.join(ROOT, `build/${part}-tests.tap`);
  rmSync(report, { force: true });
  const { ok } = await step(`JavaScript: test (${part})`, program, [
    '--test', `--test-concurrency=${JS_AT_ONCE}`, `--test-timeout=${limitMs}`,
    '--test-reporter=spec', '--test-reporter-destination=stdout',
    '--test-reporter=tap', `--test-reporter-destination=${report}`,
    ...files.map((name) => path.join(ROOT, folder, name)),
  ], { env });
  const text = readFileSync(report, 'utf8');
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const skipped = count('skipped');
  const failed = count('fail') + count('cancelled');
  return line(count('pass'), ok ? failed : Math.max(failed, 1), skipped ? `${skipped} skipped` : undefined);
}

/** All JavaScript tests under this Node, then some under others. @returns {Promise<Line[]>} */
async function testJsEverywhere(filter, targets) {
  if (!targets.includes('wasi')) {
    return [{ part: 'js', passed: 0, failed: 0, seconds: '0.0 s', note: 'left out: needs wasi' }];
  }
  if (!(await bundle())) return [{ part: 'js', passed: 0, failed: 1, seconds: '0.0 s', note: 'cannot be bundled' }];
  const chosen = (name) => filter === undefined || name.includes(filter);
  const env = { WEFT_TARGETS: targets.join(',') };
  await installPinned('compiler'); // without it its tests are skipped
  const lines = [await testJs('js', process.execPath, chosen, env)];
  for (const { name, program, why } of await installNodes()) {
    lines.push(program !== undefined
      ? await testJs(name, program, (test) => chosen(test) && EVERYWHERE.includes(test), env)
      : { part: name, passed: 0, failed: 0, seconds: '0.0 s', note: `left out: ${why}` });
  }
  return lines;
}

/** Runs the tests of the browsers that are there. @returns {Promise<Line[]>} */
async function testWeb(filter, targets) {
  const left = (part, why) => ({ part, passed: 0, failed: 0, seconds: '0.0 s', note: `left out: ${why}` });
  if (!targets.includes('wasi')) return [left('web', 'needs wasi')];
  if (!(await bundle())) return [{ part: 'web', passed: 0, failed: 1, seconds: '0.0 s', note: 'cannot be bundled' }];
  await buildDemo();
  await installPinned('bundlers', ['--ignore-scripts']); // without them their tests are skipped
  const there = BROWSERS.filter((need) => need.there());
  const lines = BROWSERS.filter((need) => !there.includes(need)).map(({ engine, what }) => left(engine, `no ${what}`));
  if (there.length === 0) return lines;
  const chosen = (name) => (filter === undefined || name.includes(filter)) &&
    BROWSERS.every(({ engine }) => !name.endsWith(engine) || there.some((need) => need.engine === engine));
  const env = { WEFT_BROWSERS: there.map(({ engine }) => engine).join(',') };
  return [await testJs('web', process.execPath, chosen, env, { folder: 'tests/web', limitMs: WEB_TEST_MS }), ...lines];
}

/** @returns {Promise<Line>} */
async function checkTypes() {
  const { ok, seconds } = await step('JavaScript: type check', 'npm', ['run', '--silent', 'typecheck']);
  return { part: 'types', passed: ok ? 1 : 0, failed: ok ? 0 : 1, seconds: `${seconds.toFixed(1)} s` };
}

/** @param {Line[]} lines */
function printTable(lines) {
  const row = (part, passed, failed, seconds, note) =>
    console.log(`${part.padEnd(14)}${passed.padStart(7)}${failed.padStart(8)}${seconds.padStart(10)}  ${note}`.trimEnd());
  console.log('');
  row('', 'passed', 'failed', 'time', '');
  for (const { part, passed, failed, seconds, note } of lines) {
    row(part, String(passed), String(failed), seconds, note ?? '');
  }
}

async function main() {
  const start = performance.now();
  const { targets, explicit, filter, only } = readCommandLine(process.argv.slice(2), {
    usage: USAGE, options: { filter: { type: 'string' }, only: { type: 'string' } }, help: HELP,
  });
  if (only !== undefined && !PARTS.includes(only)) {
    throw new UsageError(`--only: there is no "${only}"; known: ${PARTS.join(', ')}`);
  }
  const wants = (part) => only === undefined || only === part;
  const jsNeeds = ['wasi', 'emscripten']; // what JavaScript loads
  const built = wants('c') ? targets
    : wants('js') || wants('web') ? targets.filter((name) => jsNeeds.includes(name)) : [];
  const extras = [...(wants('web') ? BROWSERS : []), ...(wants('js') ? [B3SUM, REDIS, ZSTD] : [])];
  const ready = await setUp({ targets: built, explicit, npm: !(only === 'c'), extras });

  if (wants('js')) await installPinned('ports', ['--ignore-scripts']); // without them their tests are skipped
  const lines = [];
  for (const preset of ready.targets) lines.push(await testTarget(preset, filter, wants('c')));
  if (wants('js')) lines.push(...await testJsEverywhere(filter, ready.targets));
  if (wants('web')) lines.push(...await testWeb(filter, ready.targets));
  if (wants('types') && filter === undefined) lines.push(await checkTypes());
  for (const [part, why] of ready.left) {
    lines.push({ part, passed: 0, failed: 0, seconds: '0.0 s', note: `left out: ${why}` });
  }

  printTable(lines);
  const passed = lines.reduce((sum, line) => sum + line.passed, 0);
  const failed = lines.reduce((sum, line) => sum + line.failed, 0);
  console.log(`\nall parts took ${secondsSince(start)}`);
  if (passed + failed === 0) console.log(`no test was run${filter === undefined ? '' : `: none has "${filter}" in its name`}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

runMain(main);
