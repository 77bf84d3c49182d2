// Runs a peer that is a WebAssembly module: node module_host.js MODULE THREADS. Lines of stdin are
// commands, lines of stdout their answers, as with program.c.

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { GLUE } from '../paths.js';

const LINE_BYTES = 128;
const ANSWER_BYTES = 8192; // BENCH_ANSWER_BYTES in command.h

const [file, threads] = process.argv.slice(2);
const { createRuntime } = await import(GLUE);
const runtime = await createRuntime({ module: pathToFileURL(file), threads: Number(threads) });
const line = runtime.array(Uint8Array, LINE_BYTES);
const answer = runtime.array(Uint8Array, ANSWER_BYTES);

for await (const text of createInterface({ input: process.stdin })) {
  line.fill(0);
  line.set(new TextEncoder().encode(text).subarray(0, LINE_BYTES - 1));
  await runtime.call('bench_module_command', line, answer);
  const end = answer.indexOf(0);
  process.stdout.write(`${Buffer.from(answer.slice(0, end)).toString()}\n`);
}
process.exit(0); // a floor's thread waits for ever
