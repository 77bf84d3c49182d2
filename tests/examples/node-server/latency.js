// How long /ping takes while nothing else happens, while /blur runs on weft's workers, and, for
// comparison, while the server's own thread does the same work: node latency.js [size of the image]

import { Agent, request } from 'node:http';
import open from './blur.js';
import { close, server } from './server.js';

const size = Number(process.argv[2] ?? 1500);
const SIGMA = 10;

const agent = new Agent({ keepAlive: true });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    request({ method, path, port, host: '127.0.0.1', agent }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ status: response.statusCode, body: Buffer.concat(parts) });
    }).on('error', reject).end(body);
  });
}

/** Pings one after the other until the work is done. */
async function pingDuring(label, work) {
  let done = false;
  const result = work().finally(() => { done = true; });
  const times = [];
  while (!done) {
    const start = performance.now();
    await send('GET', '/ping');
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const ms = (time) => `${time.toFixed(1)} ms`.padStart(10);
  console.log(`${label.padEnd(34)}${String(times.length).padStart(9)}${ms(times[times.length >> 1])}${ms(times.at(-1))}`);
  return result;
}

const image = Buffer.alloc(size * size * 4, 200);
const path = `/blur?width=${size}&height=${size}&sigma=${SIGMA}`;
await send('POST', path, image); // the first call runs in V8's baseline compiler
for (let i = 0; i < 100; i++) await send('GET', '/ping');

console.log(`${'/ping while'.padEnd(34)} answered    median     worst`);
await pingDuring('nothing else happens', () => new Promise((resolve) => setTimeout(resolve, 500)));
const { status, body } = await pingDuring('/blur runs on weft\'s workers', () => send('POST', path, image));
if (status !== 200 || body.some((value) => value !== 200)) throw new Error(`an even image came back uneven: ${status}`);

const rt = await open();
const shared = rt.share(new Uint8Array(image));
await pingDuring('the server\'s thread waits for it', async () => {
  await new Promise(setImmediate);
  rt.callSync('blur', shared, shared, size, size, SIGMA);
});

agent.destroy();
server.close();
await close();
