// A web server with one heavy request, which keeps no other one waiting.

import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import open from './blur.js';

const PIXELS_MAX = 20_000_000;
const SIGMA_MAX = 100;
const AT_ONCE = 4; // each of them uses every core: more would only wait, and take memory

const rt = await open();
let running = 0;

/** What the query asks for, if it makes sense. */
function read(query) {
  const [width, height, sigma] = ['width', 'height', 'sigma'].map((name) => Number(query.get(name) ?? NaN));
  const fits = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0 && width * height <= PIXELS_MAX;
  return fits && sigma > 0 && sigma <= SIGMA_MAX ? { width, height, sigma } : undefined;
}

async function blur(request, response, query) {
  const wanted = read(query);
  if (!wanted) return answer(response, 400, `width, height and sigma, please; up to ${PIXELS_MAX} pixels\n`);
  const { width, height, sigma } = wanted;
  if (running === AT_ONCE) return answer(response, 503, 'busy\n', { 'Retry-After': '1' });
  running++;
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const image = rt.array(Uint8Array, width * height * 4); // where C sees it
  try {
    let filled = 0;
    for await (const chunk of request) {
      if (filled + chunk.length > image.length) break;
      image.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled !== image.length || !request.complete) return answer(response, 400, `the body has to be ${image.length} bytes of RGBA\n`);
    const done = await rt.with({ signal: gone.signal }).call('blur', image, image, width, height, sigma);
    if (!done) return answer(response, 503, 'no memory\n', { 'Retry-After': '1' });
    const copy = Buffer.from(image); // sockets do not send shared memory
    answer(response, 200, copy, { 'Content-Type': 'application/octet-stream' });
  } catch (error) {
    if (!gone.signal.aborted) answer(response, 500, `${error.message}\n`);
  } finally {
    rt.free(image);
    running--;
  }
}

function answer(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(body);
}

export const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/ping') return answer(response, 200, 'pong\n');
  if (pathname === '/blur' && request.method === 'POST') return blur(request, response, searchParams);
  return answer(response, 404, 'there is /ping and /blur\n');
});

export const close = () => rt.close({ cancel: true });

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  server.listen(Number(process.env.PORT ?? 8080), () => console.log(`http://localhost:${server.address().port}/`));
}
