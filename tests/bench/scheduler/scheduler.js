#!/usr/bin/env node
// The scheduler benchmark: weft against other schedulers and against what is possible at all.
// See --help. start.js sets up and builds before it calls this.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describeMachine } from '../machine.js';
import { htmlPage } from './html.js';
import { measureSection } from './measure.js';
import { USAGE, UsageError, readOptions } from './options.js';
import { SECTIONS } from './sections.js';
import { summarise } from './summary.js';
import { summaryLines, tableLines } from './table.js';

/** One line that is written over on a terminal and left away elsewhere. */
function progressLine(name) {
  if (!process.stdout.isTTY) return () => {};
  return (text) => process.stdout.write(`\r\x1b[2K${text && `  ${name}: ${text}`}`);
}

async function measureAll(options) {
  const results = [];
  for (const section of SECTIONS.filter(({ id }) => options.only.includes(id))) {
    const progress = progressLine(section.id);
    const result = await measureSection(section, options, progress);
    progress('');
    console.log(`${tableLines(result).join('\n')}\n`);
    results.push(result);
  }
  return results;
}

function machineOf() {
  const machine = describeMachine({ threads: 2 });
  const command = ['node', 'tests/bench/scheduler/scheduler.js', ...process.argv.slice(2)].join(' ');
  return { ...machine, command, lines: [`weft scheduler benchmark, 2 threads: ${command}`, ...machine.lines.slice(1)] };
}

function writeReports(options, report) {
  for (const file of [options.json, options.html]) fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  fs.writeFileSync(options.html, htmlPage(report));
  console.log(`\nwritten: ${options.json}\n         ${options.html}`);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const machine = machineOf();
  const begun = performance.now();
  console.log(`${machine.lines.join('\n')}\n`);
  if (os.availableParallelism() < 2) console.log('One CPU only: two threads cannot be compared here.\n');
  const results = await measureAll(options);
  const summary = summarise(results);
  const failures = results.flatMap(({ id, rows }) => (
    rows.filter((row) => row.error).map((row) => `${id}, ${row.title}: ${row.error}`)));
  const seconds = (performance.now() - begun) / 1000;
  if (summary.length > 0) console.log(['summary', ...summaryLines(summary)].join('\n'));
  console.log(`  took ${seconds.toFixed(0)} s; ${failures.length === 0
    ? 'every result is right' : `${failures.length} WRONG OR FAILED:`}`);
  for (const failure of failures) console.log(`  ${failure}`);
  writeReports(options, { machine, seconds, summary, failures, results });
  if (failures.length > 0) process.exit(1);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nTry --help.`);
  process.exitCode = 2;
}
