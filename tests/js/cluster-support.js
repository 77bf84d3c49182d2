// What the tests of weft/cluster share: a redis-server of their own, workers in processes of their
// own, and a wire between them that can be cut.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '../../js-glue/src/cluster/index.js';
import { fixture } from './support.js';

export const LIMIT = { timeout: 300_000 };
export const MODULE = fixture('wasi', 'cluster.wasm');
export const SECOND = fixture('wasi', 'cluster_second.wasm');

const WEFT = fileURLToPath(new URL('../../js-glue/bin/weft.js', import.meta.url));
const START_MS = 100_000;

const has = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Why the tests are left out; on machines where the test command may install it, they are not. */
export function missing() {
  if (!existsSync(MODULE) && !process.env.WEFT_TARGETS?.split(',').includes('wasi')) return `${MODULE} is not built`;
  return has('redis-server', '--version') ? false : 'there is no redis-server';
}

export const missingNamespaces = () => missing() || (!(has('unshare', '-n', 'true') && has('ip', '-V')) && 'this user may not make network namespaces');

/** Why no Redis can have a small disk of its own. */
export const missingDisks = () => missing() || (!has('unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /tmp') && 'this user may not mount a small disk');

/** What each test has to undo. */
const undoing = new WeakMap();

/** Runs `undo` when the test ends; what came last is undone first. */
export function atEnd(t, undo) {
  if (!undoing.has(t)) {
    undoing.set(t, []);
    t.after(async () => {
      for (const each of undoing.get(t).reverse()) await each();
    });
  }
  undoing.get(t).push(undo);
}

/**
 * A port to try: one of those that systems give to nobody who does not ask for it. Whoever finds it
 * taken tries another.
 */
export const somePort = () => 10_000 + Math.floor(Math.random() * 20_000);

/** A port where every connection ends at once. @param {import('node:test').TestContext} t */
export async function deadPort(t) {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(t, () => server.close());
  return server.address().port;
}

/** Until `condition` holds, or its promise does. */
export async function until(condition, what = String(condition), limitMs = 120_000) {
  const end = performance.now() + limitMs;
  for (;;) {
    if (await condition()) return;
    assert.ok(performance.now() < end, `still not so after ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether this very redis-server has its ports; false: it has ended. @param {import('node:child_process').ChildProcess} redis */
function listens(redis) {
  return new Promise((resolve, reject) => {
    let said = '';
    redis.stdout.on('data', (data) => {
      said += data;
      if (/Ready to accept connections/.test(said)) resolve(true);
    });
    redis.on('error', reject);
    redis.on('close', () => (/already in use/.test(said) ? resolve(false) : reject(new Error(`redis-server has ended: ${said}`))));
  });
}

/**
 * A redis-server with a folder and a port of its own; it ends with the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {string[]} [options]  of redis-server
 * @param {object} [where]
 * @param {string} [where.host]
 * @param {boolean} [where.nodes]  of a Redis Cluster: they talk to each other on a port more, `bus`
 * @param {string[]} [where.inside]  a command that runs it in another network
 * @param {() => number} [where.ports]  to try; default: any
 * @param {string} [where.disk]  such as 8m: its folder is a disk of this size, see redis.disk
 */
export async function startRedis(t, options = [], { host = '127.0.0.1', nodes = false, inside = [], disk, ports = somePort } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'weft-redis-'));
  const redis = {
    host, folder, port: 0, bus: 0, process: undefined,
    get url() {
      return `redis://${host}:${redis.port}`;
    },
    /** The folder, as Redis sees it. */
    get disk() {
      return `/proc/${redis.process.pid}/root${folder}`;
    },
    /** Starts it, on what it has written; again on the port that it had. */
    async start() {
      const first = redis.port === 0;
      const end = performance.now() + START_MS;
      do {
        assert.ok(performance.now() < end, `port ${redis.port} is taken`);
        if (first) [redis.port, redis.bus] = [ports(), ports()];
      } while (!(await redis.attempt()));
    },
    /** False: a port is taken. */
    attempt() {
      const mount = disk ? ['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=${disk} none "$0" && exec "$@"`, folder] : [];
      const [command, ...args] = [...inside, ...mount, 'redis-server', '--port', String(redis.port), '--bind', host, '--dir', folder,
        '--save', '', '--loglevel', 'notice', '--maxmemory-policy', 'noeviction', ...(nodes ? ['--cluster-enabled', 'yes', '--cluster-port', String(redis.bus)] : []), ...options];
      redis.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      return listens(redis.process);
    },
    async stop(signal = 'SIGTERM') {
      if (redis.process.exitCode !== null || redis.process.signalCode !== null) return;
      const gone = once(redis.process, 'exit');
      redis.process.kill(signal);
      await gone;
    },
    /** What redis-cli prints. */
    ask(...args) {
      const [command, ...rest] = [...inside, 'redis-cli', '-h', host, '-p', String(redis.port), ...args];
      return spawnSync(command, rest, { encoding: 'utf8', timeout: 60_000 }).stdout.trim();
    },
  };
  atEnd(t, async () => {
    await redis.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await redis.start();
  return redis;
}

/**
 * `weft worker` in a process of its own.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {string[]} [args]
 */
export async function startWorkerProcess(t, url, args = [], { inside = [], module } = {}) {
  const [command, ...rest] = [...inside, process.execPath, WEFT, 'worker', '--redis', url, '--threads', '1', '--memory', '64M',
    ...(module ? ['--module', module] : []), ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } });
  const worker = {
    child, output: '',
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    async kill(signal = 'SIGKILL') {
      if (worker.ended) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      worker.output += text;
    });
  }
  atEnd(t, () => worker.kill());
  await until(() => worker.output.includes('listens') || worker.ended, 'the worker listens', START_MS);
  return worker;
}

/** A cluster that is closed when the test ends. */
export async function open(t, options) {
  const cluster = await connect({ module: MODULE, ...options });
  atEnd(t, () => cluster.close({ cancel: true }));
  return cluster;
}

/** A wire to a port, which can be cut: bytes then go nowhere, and no connection is closed. */
export async function startWire(t, port) {
  const pairs = new Set();
  const wire = { cut: false, port: 0, url: '', restore() {} };
  const server = createServer((near) => {
    const far = connectTo(port, '127.0.0.1');
    const pair = [near, far];
    pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.pipe(to);
      if (wire.cut) from.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire.port = server.address().port;
  wire.url = `redis://127.0.0.1:${wire.port}`;
  wire.sever = () => {
    wire.cut = true;
    for (const [near, far] of pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  };
  wire.restore = () => {
    wire.cut = false;
    for (const [near, far] of pairs) {
      near.pipe(far);
      far.pipe(near);
    }
  };
  atEnd(t, () => {
    server.close();
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  });
  return wire;
}

/** Two "hosts" with a network each, and a cable between them: 10.77.x.1 and 10.77.x.2. */
export function makeHosts(t) {
  const tag = `weft${process.pid}`;
  const ip = (...args) => execFileSync('ip', args, { stdio: 'ignore' });
  const hosts = [`${tag}a`, `${tag}b`];
  atEnd(t, () => hosts.forEach((name) => spawnSync('ip', ['netns', 'del', name])));
  for (const name of hosts) ip('netns', 'add', name);
  ip('link', 'add', `${tag}0`, 'netns', hosts[0], 'type', 'veth', 'peer', 'name', `${tag}1`, 'netns', hosts[1]);
  return hosts.map((name, i) => {
    const inside = ['ip', 'netns', 'exec', name];
    const address = `10.77.0.${i + 1}`;
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', `${tag}${i}`);
    ip('-n', name, 'link', 'set', `${tag}${i}`, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    return { name, inside, address, setCable: (state) => ip('-n', name, 'link', 'set', `${tag}${i}`, state) };
  });
}
