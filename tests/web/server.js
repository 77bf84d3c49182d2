// The sites of the browser tests: the same files under different headers, by the first part of
// the path.

import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveFolder } from '../../js-glue/cli/static.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = process.env.WEFT_BUILD ?? path.join(ROOT, 'build');
/** `src`: the sources in the place of the bundle. */
const GLUE = process.env.WEFT_GLUE ?? 'dist';

const OPENER = 'Cross-Origin-Opener-Policy';
const EMBEDDER = 'Cross-Origin-Embedder-Policy';
const POLICY = 'Content-Security-Policy';

/** What a site takes away, and sets. */
const SITES = {
  isolated: {},
  plain: { without: [OPENER, EMBEDDER] },
  opener: { without: [EMBEDDER] },
  embedder: { without: [OPENER] },
  policy: { set: { [POLICY]: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" } },
  policyAgainstWasm: { set: { [POLICY]: "default-src 'self'; script-src 'self'; worker-src 'self'" } },
  policyAgainstWorkers: { set: { [POLICY]: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'" } },
  policyAgainstFetch: { set: { [POLICY]: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'" } },
  workerMissing: { lost: /\/worker-browser\.js$/ },
  workerIsText: { of: /\/worker-browser\.js$/, set: { 'Content-Type': 'text/plain' } },
  wasmIsText: { of: /\.wasm$/, set: { 'Content-Type': 'text/plain' } },
  wasmIsPage: { of: /\.wasm$/, set: { 'Content-Type': 'text/html' } },
  wasmMissing: { lost: /\.wasm$/ },
};

/** Sets headers when the answer begins, over those of the file server. */
function dress(response, url, { without = [], of = /./, set = {} }) {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status, headers = {}) => {
    for (const name of without) response.removeHeader(name);
    return writeHead(status, { ...headers, ...(of.test(url) ? set : {}) });
  };
}

/**
 * What a page that no WebDriver drives shall do: it fetches /work/next, and posts the outcome to
 * /work/done.
 */
function makeDesk() {
  /** @type {{ task: object, resolve: (outcome: object) => void }[]} */
  const open = [];
  /** @type {((task: object) => void) | undefined} */
  let hungry;
  const give = () => {
    if (!hungry || open.length === 0) return;
    hungry(open[0].task);
    hungry = undefined;
  };
  return {
    /** One after the other. @param {object} task  @returns {Promise<any>} */
    ask: (task) => new Promise((resolve) => {
      open.push({ task, resolve });
      give();
    }),
    async answer(request, response) {
      let text = '';
      for await (const piece of request) text += piece;
      if (request.url.endsWith('/done')) {
        open.shift()?.resolve(JSON.parse(text));
        response.end();
      } else {
        hungry = (task) => response.end(JSON.stringify(task));
        give();
      }
    },
  };
}

/**
 * @returns {Promise<{ at: (site: string, file: string) => string, ask: (task: object) => Promise<any>, close: () => Promise<void> }>}
 */
export async function startServer() {
  const desk = makeDesk();
  const files = await serveFolder(ROOT);
  const fixtures = await serveFolder(BUILD);
  const server = createServer((request, response) => {
    const [, name, asked] = /^\/(\w+)(\/.*)$/.exec(request.url) ?? [];
    const rest = asked?.replace('/js-glue/dist/', `/js-glue/${GLUE}/`);
    const site = SITES[name];
    if (name === 'work') {
      desk.answer(request, response).catch(() => response.destroy());
      return;
    }
    if (!site || site.lost?.test(rest)) {
      response.writeHead(404).end();
      return;
    }
    dress(response, rest, site);
    const built = rest.startsWith('/built/');
    request.url = built ? rest.slice('/built'.length) : rest;
    (built ? fixtures : files)(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    at: (site, file) => `http://localhost:${server.address().port}/${site}/${file}`,
    ask: desk.ask,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
