import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { isIP } from 'node:net';
import path from 'node:path';
import { UsageError, readOptions } from './output.js';
import { serveFolder } from './static.js';

const HELP = `Usage: weft serve [DIR] [--port N] [--host ADDRESS] [--no-isolation]

Serves the files of a folder (default: this one) with the headers that give a page shared memory:
Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp. For
development: nothing is cached, and only this machine can connect.

  --port N         default 8080; 0: any that is free
  --host ADDRESS   default 127.0.0.1; 0.0.0.0: every machine that can reach this one
  --no-isolation   without those headers, to see the page as on a host that does not send them`;

const PORT = 8080;

/** @param {string} host */
const isLoopback = (host) => /^(localhost|(.+\.)?localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);

/** @param {string} text */
function readPort(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new UsageError(`--port must be a number from 0 to 65535, got ${text}`);
}

/** @param {string} folder */
async function checkFolder(folder) {
  const found = await stat(folder).catch(() => undefined);
  if (!found) throw new UsageError(`${folder}: no such folder`);
  if (!found.isDirectory()) throw new UsageError(`${folder} is not a folder`);
}

/** @param {unknown} error  @param {string} host  @param {number} port */
function listenError(error, host, port) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === 'EADDRINUSE') return new Error(`port ${port} is taken: choose another by --port N, or any free one by --port 0`);
  if (code === 'EACCES') return new Error(`port ${port} is not for every user: choose one from 1024 on by --port N`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return new Error(`this machine has no address ${host}`);
  return new Error(message);
}

/**
 * Serves a folder until the server is closed.
 *
 * @param {{ folder: string, host: string, port: number, isolated: boolean }} options
 * @returns {Promise<{ server: import('node:http').Server, url: string }>}
 */
export async function serve({ folder, host, port, isolated }) {
  const answer = await serveFolder(folder, { isolated });
  const server = createServer((request, response) => {
    // A page elsewhere may call itself by a name that leads here; it shall not read these files.
    const asked = String(request.headers.host ?? '').replace(/:\d+$/, '');
    if (isLoopback(host) && !isLoopback(asked)) {
      response.writeHead(403, { 'Content-Type': 'text/plain' }).end('only for this machine\n');
      return;
    }
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve(undefined));
  });
  const { address, port: taken } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const name = isLoopback(host) || address === '0.0.0.0' || address === '::' ? 'localhost' : host;
  return { server, url: `http://${isIP(name) === 6 ? `[${name}]` : name}:${taken}/` };
}

/**
 * @param {string[]} args
 * @returns {{ folder: string, host: string, port: number, isolated: boolean } | undefined}
 *   undefined after the help
 * @throws {UsageError}
 */
export function readCommand(args) {
  const parsed = readOptions(args, {
    port: { type: 'string', default: String(PORT) },
    host: { type: 'string', default: '127.0.0.1' },
    'no-isolation': { type: 'boolean' },
  }, HELP, true);
  if (!parsed) return undefined;
  const { values: { port, host, 'no-isolation': plain }, positionals } = parsed;
  if (positionals.length > 1) throw new UsageError(`one folder, not ${positionals.length}`);
  return { folder: path.resolve(positionals[0] ?? '.'), host, port: readPort(port), isolated: !plain };
}

/** @param {string[]} args  @returns {Promise<number>} the exit code */
export async function run(args) {
  const command = readCommand(args);
  if (!command) return 0;
  const { folder, host, isolated } = command;
  await checkFolder(folder);
  const { server, url } = await serve(command);
  console.log(`${folder} is at ${url}${isolated ? '' : ', without isolation'}`);
  if (!isLoopback(host)) {
    console.log('Other machines get shared memory by https only: put a proxy with a certificate in front, or a tunnel to localhost.');
  }
  await new Promise((resolve) => server.once('close', resolve));
  return 0;
}
