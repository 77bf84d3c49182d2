#!/usr/bin/env node
// The JavaScript benchmark: weft against worker pools and against what is possible by hand. See
// --help. start.js sets up and builds before it calls this.

import { progressLine, runMain, writeReports } from '../command_line.js';
import { describeMachine } from '../machine.js';
import { htmlPage } from '../scheduler/html.js';
import { summaryLines, tableLines } from '../scheduler/table.js';
import { measureSection } from './measure.js';
import { USAGE, readOptions } from './options.js';
import { SECTIONS } from './sections.js';
import { summarise } from './summary.js';

const TEXTS = {
  title: 'JavaScript on threads',
  lead: 'weft in Node on two threads against worker pools and against what is possible by hand.',
  kinds: { wasm: 'weft', peer: 'worker pools', floor: 'by hand, and one thread' },
  limits: [
    'One machine, two threads, and its noise. Peers take turns; ratios are paired by round.',
    'Every pool has its defaults but for the number of workers; some have faster or slower settings.',
    'A process is stopped while it is not its turn, so that no pool pays for the spinning of another.',
    'No browser, no memory use, no energy.',
  ],
};

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

runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const machine = describeMachine({
    title: 'weft JavaScript benchmark, 2 threads', script: 'tests/bench/js/bench.js',
  });
  const begun = performance.now();
  console.log(`${machine.lines.join('\n')}\n`);
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
  writeReports(options, report, htmlPage(report, TEXTS));
  if (failures.length > 0) process.exit(1);
});
