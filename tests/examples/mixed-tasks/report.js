// node report.js [file of JSON lines with a member "ms"]

import { readFileSync } from 'node:fs';
import open, { structs, summarise } from './summary.js';

/** A day of a web server. */
function invent(count) {
  let state = 1;
  const random = () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({ at: i, path: `/page/${i % 97}`, ms: Math.round(-100_000 * Math.log(1 - random())) / 1000 })).join('\n');
}

const rt = await open();
const { parse } = await rt.load(new URL('./tasks.js', import.meta.url));

const text = rt.share(new Uint8Array(process.argv[2] ? readFileSync(process.argv[2]) : Buffer.from(invent(200_000))));
let length = text.length;
while (length > 0 && text[length - 1] === 10) length--;
const found = [];
for (let at = text.indexOf(10); at >= 0 && at < length; at = text.indexOf(10, at + 1)) found.push(at);
const ends = rt.share(Uint32Array.from(length > 0 ? [...found, length] : found));
const values = rt.array(Float64Array, ends.length);

await rt.forEach(ends.length, parse, text, ends, values); // JavaScript, on every worker
const out = await structs.summary.create();
if (!await summarise(values, values.length, out)) throw new Error('no memory'); // C, on the same

const [{ count, sum, percentiles: [median, p90, p99] }] = out;
console.log(`${count} requests, mean ${(sum / count).toFixed(3)} ms, median ${median} ms, 90 % ${p90} ms, 99 % ${p99} ms`);
await rt.close();
