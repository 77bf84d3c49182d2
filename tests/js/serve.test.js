// `weft serve`: right types and headers, and nothing that lies outside the folder.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from '../../js-glue/cli/serve.js';
import { LIMIT } from './support.js';

const CLI = fileURLToPath(new URL('../../js-glue/bin/weft.js', import.meta.url));

const outside = mkdtempSync(path.join(os.tmpdir(), 'weft-serve-'));
after(() => rmSync(outside, { recursive: true }));
const folder = path.join(outside, 'site');
for (const name of ['sub/deep', '.git', 'bare']) mkdirSync(path.join(folder, name), { recursive: true });
mkdirSync(`${folder}-too`);
const FILES = {
  'site/index.html': '<p>front', 'site/sub/index.html': '<p>sub', 'site/app.js': 'export {};', 'site/old.cjs': '1',
  'site/new.mjs': '2', 'site/code.wasm': '\0asm', 'site/empty.css': '', 'site/no extension': 'x', 'site/grüß 100%.txt': 'g',
  'site/.env': 'SECRET', 'site/.git/config': 'SECRET', 'secret.txt': 'SECRET', 'site-too/secret.txt': 'SECRET',
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(path.join(outside, name), text);
symlinkSync(path.join(outside, 'secret.txt'), path.join(folder, 'link.txt'));
symlinkSync(outside, path.join(folder, 'up'));
symlinkSync('app.js', path.join(folder, 'inner.js'));

/** A server on any free port that ends with the test. */
async function start(t, options = {}) {
  const { server, url } = await serve({ folder, host: '127.0.0.1', port: 0, isolated: true, ...options });
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url, port: server.address().port };
}

/** One request, its path as it is written here; fetch would mend it. */
function ask(port, target, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => { body += text; });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

/** Runs the command until it ends, or has printed a line. */
function run(args, { cwd = folder } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, 'serve', ...args], { cwd });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        out[name] += text;
        if (name === 'stdout' && text.includes('http://')) resolve({ ...out, child });
      });
    }
    child.on('close', (code) => resolve({ ...out, code }));
  });
}

describe('weft serve', () => {
  it('sends the types by which browsers compile and run', LIMIT, async (t) => {
    const { port } = await start(t);
    for (const [target, type, body] of [
      ['/', /^text\/html/, '<p>front'], ['/app.js', /^text\/javascript/, 'export {};'], ['/old.cjs', /^text\/javascript/, '1'],
      ['/new.mjs?x=1#y', /^text\/javascript/, '2'], ['/code.wasm', /^application\/wasm$/, '\0asm'], ['/empty.css', /^text\/css/, ''],
      ['/no%20extension', /^application\/octet-stream$/, 'x'], ['/gr%C3%BC%C3%9F%20100%25.txt', /^text\/plain/, 'g'],
      ['/sub/', /^text\/html/, '<p>sub'], ['/inner.js', /^text\/javascript/, 'export {};'],
    ]) {
      const answer = await ask(port, target);
      assert.deepEqual([answer.status, answer.body], [200, body], target);
      assert.match(answer.headers['content-type'], type, target);
      assert.equal(answer.headers['content-length'], String(Buffer.byteLength(body)));
    }
  });

  it('isolates every answer, unless told not to, and lets nothing be cached', LIMIT, async (t) => {
    for (const isolated of [true, false]) {
      const { port } = await start(t, { isolated });
      for (const target of ['/', '/app.js', '/none']) {
        const { headers } = await ask(port, target);
        const found = ['opener-policy', 'embedder-policy', 'resource-policy'].map((name) => headers[`cross-origin-${name}`]);
        assert.deepEqual(found, isolated ? ['same-origin', 'require-corp', 'same-origin'] : [undefined, undefined, undefined]);
        assert.deepEqual([headers['cache-control'], headers['x-content-type-options']], ['no-store', 'nosniff']);
      }
    }
  });

  it('gives nothing from outside of the folder, and no hidden file', LIMIT, async (t) => {
    const { port } = await start(t);
    for (const target of [
      '/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%2e%2e%2fsecret.txt', '/sub/../../secret.txt', '/..%5csecret.txt',
      '/sub/%2e%2e/%2e%2e/secret.txt', '/link.txt', '/up/secret.txt', '/up/site/app.js/../../secret.txt', '/../site-too/secret.txt',
      '/.env', '/.git/config', '/sub/../.env', '/%2eenv', '//etc/passwd', '/app.js/', '/app.js%00.html', '/%', '/%ff', '/bare/',
      'http://localhost/../secret.txt', '*',
    ]) {
      const { status, body } = await ask(port, target);
      assert.equal(status, 404, target);
      assert.doesNotMatch(body, /SECRET|root:/, target);
    }
  });

  it('leads from a folder to its page, on this host alone', LIMIT, async (t) => {
    const { port } = await start(t);
    for (const [target, location] of [['/sub', '/sub/'], ['/sub?a=1', '/sub/?a=1'], ['//sub', '/sub/'], ['/bare', '/bare/']]) {
      const { status, headers } = await ask(port, target);
      assert.deepEqual([status, headers.location], [301, location], target);
    }
  });

  it('answers HEAD without a body, and no other method', LIMIT, async (t) => {
    const { port } = await start(t);
    for (const target of ['/app.js', '/none']) {
      const [head, get] = [await ask(port, target, { method: 'HEAD' }), await ask(port, target)];
      assert.deepEqual([head.status, head.body, head.headers['content-length']], [get.status, '', get.headers['content-length']]);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(port, '/app.js', { method });
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method);
    }
  });

  it('serves no page that calls itself by a name that leads here', LIMIT, async (t) => {
    const { port } = await start(t);
    for (const [host, status] of [['localhost', 200], [`127.0.0.1:${port}`, 200], ['[::1]:80', 200], ['evil.example', 403], ['127.0.0.1.evil.example', 403]]) {
      assert.equal((await ask(port, '/app.js', { headers: { host } })).status, status, host);
    }
  });

  it('says where it is', LIMIT, async (t) => {
    const { child, stdout } = await run(['--port', '0']);
    t.after(() => child.kill());
    const [, at] = /(http:\/\/localhost:\d+\/)\n$/.exec(stdout);
    assert.equal(await (await fetch(`${at}app.js`)).text(), 'export {};');
  });

  it('says what is wrong with its arguments', LIMIT, async (t) => {
    const blocker = createServer().listen(0, '127.0.0.1');
    t.after(() => blocker.close());
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address();
    for (const [args, code, message] of [
      [['--port', String(port)], 1, new RegExp(`^weft: port ${port} is taken: `)],
      [['--port', 'x'], 2, /^weft: --port must be a number from 0 to 65535, got x/],
      [['--port', '65536'], 2, /got 65536/],
      [['none'], 2, /none: no such folder/],
      [['app.js'], 2, /app\.js is not a folder/],
      [['a', 'b'], 2, /one folder, not 2/],
      [['--host', '203.0.113.1', '--port', '0'], 1, /this machine has no address 203\.0\.113\.1/],
      [['--prot', '1'], 2, /--help/],
    ]) {
      const result = await run(args);
      assert.equal(result.code, code, `${args}: ${result.stderr}`);
      assert.match(result.stderr, message);
    }
    assert.match((await run(['--help'])).stdout, /^Usage: weft serve/);
  });
});
