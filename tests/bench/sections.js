// What the benchmarks that measure in sections, against peers, have in common.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { count, list, parse, progressLine, writeReports } from './command_line.js';
import { describeMachine } from './machine.js';
import { htmlPage } from './scheduler/html.js';
import { summaryLines, tableLines } from './scheduler/table.js';

const BUILD_DIR = fileURLToPath(new URL('../../build/', import.meta.url));

/**
 * @param {string[]} args  the arguments after the script's name
 * @param {{ sections: string[], peers: string[], quickRounds: number, folder: string,
 *   name: string }} known  the reports go to build/<folder>/<name>.json and .html
 */
export function readSectionOptions(args, { sections, peers, quickRounds, folder, name }) {
  const values = parse(args, ['only', 'peers', 'rounds', 'build', 'json', 'html'], ['quick', 'help']);
  const out = path.join(BUILD_DIR, folder);
  return {
    help: values.help,
    only: list('only', values.only, sections),
    peers: list('peers', values.peers, peers),
    rounds: count('rounds', values.rounds, 999) ?? (values.quick ? quickRounds : undefined),
    buildDir: path.resolve(values.build ?? BUILD_DIR),
    json: path.resolve(values.json ?? path.join(out, `${name}.json`)),
    html: path.resolve(values.html ?? path.join(out, `${name}.html`)),
  };
}

async function measureAll(sections, measureSection, options) {
  const results = [];
  for (const section of sections.filter(({ id }) => options.only.includes(id))) {
    const progress = progressLine(section.id);
    const result = await measureSection(section, options, progress);
    progress('');
    console.log(`${tableLines(result).join('\n')}\n`);
    results.push(result);
  }
  return results;
}

/**
 * Measures, prints the tables as they come and a summary, and writes the reports. A wrong or
 * failed result ends the process with 1.
 *
 * @param {object} options  of readSectionOptions
 * @param {object} bench
 * @param {{ title: string, script: string }} bench.machine  what describeMachine is told
 * @param {string} [bench.warning]
 * @param {object[]} bench.sections
 * @param {Function} bench.measureSection
 * @param {Function} bench.summarise  takes the results and the options
 * @param {object} [bench.texts]  of the page
 */
export async function runSections(options, { machine: about, warning, sections, measureSection, summarise, texts }) {
  const machine = describeMachine(about);
  const begun = performance.now();
  console.log(`${machine.lines.join('\n')}\n`);
  if (warning) console.log(`${warning}\n`);
  const results = await measureAll(sections, measureSection, options);
  const summary = summarise(results, options);
  const failures = results.flatMap(({ id, rows }) => (
    rows.filter((row) => row.error).map((row) => `${id}, ${row.title}: ${row.error}`)));
  const seconds = (performance.now() - begun) / 1000;
  if (summary.length > 0) console.log(['summary', ...summaryLines(summary)].join('\n'));
  console.log(`  took ${seconds.toFixed(0)} s; ${failures.length === 0
    ? 'every result is right' : `${failures.length} WRONG OR FAILED:`}`);
  for (const failure of failures) console.log(`  ${failure}`);
  const report = { machine, seconds, summary, failures, results };
  writeReports(options, report, htmlPage(report, texts));
  if (failures.length > 0) process.exit(1);
}
