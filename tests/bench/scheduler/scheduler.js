#!/usr/bin/env node
// The scheduler benchmark: weft against other schedulers and against what is possible at all.
// See --help. start.js sets up and builds before it calls this.

import os from 'node:os';
import { progressLine, runMain, writeReports } from '../command_line.js';
import { describeMachine } from '../machine.js';
import { htmlPage } from './html.js';
import { measureSection } from './measure.js';
import { USAGE, readOptions } from './options.js';
import { SECTIONS } from './sections.js';
import { summarise } from './summary.js';
import { summaryLines, tableLines } from './table.js';

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

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const machine = describeMachine({
    title: 'weft scheduler benchmark, 2 threads', script: 'tests/bench/scheduler/scheduler.js',
  });
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
  const report = { machine, seconds, summary, failures, results };
  writeReports(options, report, htmlPage(report));
  if (failures.length > 0) process.exit(1);
}

runMain(main);
