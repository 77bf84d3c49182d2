// weft/cluster on a Redis Cluster of three nodes.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Cluster } from 'ioredis';
import { connect, inout, slices, startWorker } from '../../js-glue/src/cluster/index.js';
import { LIMIT, MODULE, atEnd, deadPort, missing, open, somePort, startRedis, until } from './cluster-support.js';
import { weftError } from './support.js';

/** Ranges of slots, and the ports of the nodes' own talk, can be told from version 7 on. */
function missingCluster() {
  const version = /v=(\d+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
  return missing() || (Number(version) >= 7 ? false : 'redis-server is older than version 7');
}

const SLOTS = 16384;

/** Three nodes that share the slots. */
async function startNodes(t) {
  const nodes = [];
  for (let i = 0; i < 3; i++) nodes.push({ redis: await startRedis(t, [], { nodes: true }) });
  nodes.forEach(({ redis }, i) => {
    const [first, end] = [i, i + 1].map((part) => Math.floor(part * SLOTS / 3));
    assert.equal(redis.ask('CLUSTER', 'ADDSLOTSRANGE', String(first), String(end - 1)), 'OK');
  });
  for (const { redis } of nodes.slice(1)) {
    assert.equal(nodes[0].redis.ask('CLUSTER', 'MEET', '127.0.0.1', String(redis.port), String(redis.bus)), 'OK');
  }
  const whole = ({ redis }) => /cluster_state:ok[^]*cluster_known_nodes:3[^]*cluster_size:3/.test(redis.ask('CLUSTER', 'INFO'));
  await until(() => nodes.every(whole), 'the nodes know each other');
  return nodes;
}

function clientOf(t, nodes) {
  const client = new Cluster(nodes.map(({ redis }) => ({ host: '127.0.0.1', port: redis.port })), { redisOptions: { maxRetriesPerRequest: null } });
  client.on('error', () => {});
  atEnd(t, () => client.disconnect());
  return client;
}

it('tests start on other ports where one is taken', { ...LIMIT, skip: missingCluster() }, async (t) => {
  const taken = await deadPort(t);
  const [first, second] = await Promise.all([startRedis(t), startRedis(t)]);
  const queue = [taken, 0, first.port, 0, second.port, second.port]; // and after these any
  const redis = await startRedis(t, [], { ports: () => queue.shift() ?? somePort() });
  assert.deepEqual(queue, []);
  assert.equal(redis.ask('INFO', 'server').match(/tcp_port:(\d+)/)?.[1], String(redis.port));
  assert.ok(![taken, first.port, second.port].includes(redis.port));
});

describe('weft/cluster on a Redis Cluster', { skip: missingCluster() }, () => {
  it('computes, with all keys of a queue on one node', LIMIT, async (t) => {
    const nodes = await startNodes(t);
    const worker = await startWorker({ connection: clientOf(t, nodes), module: MODULE, threads: 1, memoryBytes: 64 * 1024 * 1024 });
    atEnd(t, () => worker.close({ cancel: true }));
    const cluster = await open(t, { connection: clientOf(t, nodes) });
    assert.equal(cluster.info.place, `redis-cluster://127.0.0.1:${nodes[0].redis.port}`);
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    assert.deepEqual(await cluster.map('sleep_then', numbers.map((i) => [0, i])), numbers);
    const xs = Float64Array.from({ length: 50_000 }, (_, i) => i);
    assert.equal(await cluster.reduce('weft_sum_f64', slices(xs, 10_000), (a, b) => a + b), 50_000 * 49_999 / 2);
    const [{ arrays: [sorted] }] = await cluster.map('weft_sort_f64', [[inout(xs.slice().reverse()), xs.length]]);
    assert.deepEqual(sorted, xs);
    const holders = nodes.filter(({ redis }) => redis.ask('--scan', '--pattern', '{weft}:*') !== '');
    assert.equal(holders.length, 1);
    assert.ok(nodes.every(({ redis }) => redis.ask('--scan', '--pattern', 'weft*') === ''));
  });

  it('wants a prefix that keeps keys together', LIMIT, async (t) => {
    const client = clientOf(t, [{ redis: { port: await deadPort(t) } }]);
    await assert.rejects(connect({ connection: client, prefix: 'mine' }), weftError('WEFT_ERR_INVALID', /put the prefix in braces, '\{mine\}'/));
    await assert.rejects(startWorker({ connection: client, prefix: 'mine' }), weftError('WEFT_ERR_INVALID', /put the prefix in braces/));
    await assert.rejects(connect({ connection: client, module: MODULE, connectTimeoutMs: 500 }), weftError('WEFT_ERR_ENGINE', /^Redis at redis-cluster:.* is out of reach/));
  });
});
