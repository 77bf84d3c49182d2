import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';

const TEXT = '; charset=utf-8';

/** By extension. Browsers compile and run by these alone. @type {Record<string, string>} */
const TYPES = {
  html: `text/html${TEXT}`,
  htm: `text/html${TEXT}`,
  js: `text/javascript${TEXT}`,
  mjs: `text/javascript${TEXT}`,
  cjs: `text/javascript${TEXT}`,
  wasm: 'application/wasm',
  css: `text/css${TEXT}`,
  json: 'application/json',
  map: 'application/json',
  webmanifest: 'application/manifest+json',
  txt: `text/plain${TEXT}`,
  md: `text/plain${TEXT}`,
  c: `text/plain${TEXT}`,
  h: `text/plain${TEXT}`,
  xml: 'application/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  webm: 'video/webm',
  pdf: 'application/pdf',
};

/** What makes a page "isolated", so that it may share memory with its workers. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** @param {string} file */
const typeOf = (file) => TYPES[path.extname(file).slice(1).toLowerCase()] ?? 'application/octet-stream';

/**
 * The path below the root that a URL asks for, undefined where it asks for what nobody shall
 * get: something outside, or a hidden file (.git, .env).
 *
 * @param {string} url  as in the request line
 * @returns {string | undefined}
 */
function pathOf(url) {
  try {
    const text = decodeURIComponent(url.replace(/[?#].*$/s, ''));
    const parts = text.split(/[/\\]/);
    if (!text.startsWith('/') || text.includes('\0')) return undefined;
    return parts.some((part) => part.startsWith('.') && part !== '.well-known') ? undefined : text;
  } catch {
    return undefined; // a broken % sequence
  }
}

/**
 * The real file behind a path; symbolic links do not lead out of the root either.
 *
 * @param {string} root  a real path  @param {string} file
 * @returns {Promise<{ file: string, size: number } | 'folder' | undefined>}
 */
async function look(root, file) {
  try {
    const real = await realpath(path.join(root, file));
    if (real !== root && !real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) return undefined;
    const found = await stat(real);
    if (found.isDirectory()) return 'folder';
    return found.isFile() && !file.endsWith('/') ? { file: real, size: found.size } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {import('node:http').ServerResponse} response  @param {number} status  @param {string} text
 * @param {Record<string, string>} [headers]
 */
function answer(response, status, text, headers = {}) {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, { 'Content-Type': TYPES.txt, 'Content-Length': body.length, ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * Answers requests with the files of a folder.
 *
 * @param {string} folder  that exists
 * @param {{ isolated?: boolean }} [options]  false: without the headers for shared memory
 * @returns {Promise<(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => Promise<void>>}
 */
export async function serveFolder(folder, { isolated = true } = {}) {
  const root = await realpath(folder);
  return async ({ method, url = '' }, response) => {
    const headers = { ...(isolated ? ISOLATION : {}), 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (method !== 'GET' && method !== 'HEAD') {
      answer(response, 405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
      return;
    }
    const wanted = pathOf(url);
    let found = wanted === undefined ? undefined : await look(root, wanted);
    if (found === 'folder') {
      if (!wanted?.endsWith('/')) {
        const [, at, query = ''] = /** @type {RegExpExecArray} */ (/^\/*([^?#]*)(\?[^#]*)?/.exec(url));
        answer(response, 301, 'a folder', { Location: `/${at}/${query}` });
        return;
      }
      found = await look(root, `${wanted}index.html`);
    }
    if (found === undefined || found === 'folder') {
      answer(response, 404, 'not found');
      return;
    }
    response.writeHead(200, { 'Content-Type': typeOf(found.file), 'Content-Length': found.size });
    if (method === 'HEAD') response.end();
    // One that grows meanwhile must not send more than was announced.
    else if (found.size === 0) response.end();
    else pipeline(createReadStream(found.file, { end: found.size - 1 }), response, () => {});
  };
}
