#!/usr/bin/env node
// The ladder: the same work by every way of using all cores, checked and compared.
// See --help; what each rung is stands in workloads.js, what the clock covers with it.

import fs from 'node:fs';
import path from 'node:path';
import { progressLine, runWithOptions, writeReports } from './command_line.js';
import { describeMachine } from './machine.js';
import { measureWorkload } from './measure.js';
import * as commandLine from './options.js';
import { colourCounts, encodePng } from './png.js';
import { htmlPage } from './report/html.js';
import { summarise } from './report/summary.js';
import { summaryLines, tableLines } from './report/text.js';
import { VIEW } from './work/mandelbrot.js';
import { rungsOf } from './workloads.js';

function writePicture(file, counts) {
  const rgb = colourCounts(counts, VIEW.maxIterations);
  fs.writeFileSync(file, encodePng(VIEW.width, VIEW.height, rgb));
  return file;
}

/** Writes the picture, and that of each rung that drew another one. */
function writePictures(result, outDir) {
  const picture = writePicture(path.join(outDir, 'mandelbrot.png'), result.image);
  console.log(`  picture: ${picture}`);
  for (const row of result.rows) {
    if (!row.wrong?.length) continue;
    const file = path.join(outDir, `mandelbrot-wrong-${row.id}.png`);
    console.log(`  picture of ${row.title}: ${writePicture(file, row.wrong)}`);
  }
}

async function climb(options) {
  const results = [];
  for (const name of options.only) {
    if (!rungsOf(name).some((rung) => options.rungs.includes(rung.id))) {
      console.log(`${name}: none of the chosen rungs climbs it\n`);
      continue;
    }
    const progress = progressLine(name);
    if (!process.stdout.isTTY) console.log(`${name} ...`);
    const result = await measureWorkload(name, options, progress);
    progress('');
    console.log(tableLines(result).join('\n'));
    if (result.image) writePictures(result, options.outDir);
    console.log('');
    for (const row of result.rows) delete row.wrong;
    delete result.image;
    results.push(result);
  }
  return results;
}

async function main(options) {
  fs.mkdirSync(options.outDir, { recursive: true });
  const { threads } = options;
  const machine = describeMachine({
    title: `weft ladder, ${threads} thread${threads > 1 ? 's' : ''}`, script: 'tests/bench/ladder.js',
  });
  const start = performance.now();
  console.log(`${machine.lines.join('\n')}\n`);
  const results = await climb(options);
  const summary = summarise(results, options);
  const failures = results.flatMap(({ name, rows }) => (
    rows.filter((row) => row.error).map((row) => `${name}, ${row.title}: ${row.error}`)));
  const seconds = (performance.now() - start) / 1000;
  if (summary.length > 0) console.log(['summary', ...summaryLines(summary)].join('\n'));
  const missing = new Set(results.flatMap(({ rows }) => (
    rows.filter((row) => row.missing).map((row) => row.skip))));
  for (const why of missing) console.log(`  left out: ${why}`);
  console.log(`  took ${seconds.toFixed(0)} s; ${failures.length === 0
    ? 'every result is right' : `${failures.length} WRONG OR FAILED:`}`);
  for (const failure of failures) console.log(`  ${failure}`);
  const report = { machine, threads, seconds, summary, failures, results };
  writeReports(options, report, htmlPage(report));
  if (failures.length > 0) process.exit(1); // also where a failed rung left something running
}

runWithOptions(commandLine, main);
