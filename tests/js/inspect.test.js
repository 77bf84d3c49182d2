// What console.log prints of the runtime's objects: one line each, and nothing of their insides.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inspect } from 'node:util';
import { connect } from '../../js-glue/src/cluster/index.js';
import { LIMIT, forEachFlavour, missing, modules, open } from './support.js';

const TASKS = new URL('./fixtures/shared_tasks.js', import.meta.url);

forEachFlavour('inspect', (flavour) => {
  it('prints a lock or channel with the state that C sees', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const mutex = rt.mutex();
    assert.equal(inspect(mutex), 'Mutex { locked: false }');
    await mutex.lock();
    assert.equal(inspect(mutex), 'Mutex { locked: true }');
    mutex.unlock();
    mutex.free();
    assert.equal(inspect(mutex), 'Mutex { freed: true }');

    const semaphore = rt.semaphore(3);
    assert.equal(semaphore.tryAcquire(), true);
    assert.equal(inspect(semaphore), 'Semaphore { permits: 2 }');

    const event = rt.event();
    assert.equal(inspect(event), 'Event { isSet: false }');
    event.set();
    assert.equal(inspect({ event }), '{ event: Event { isSet: true } }');

    const channel = rt.channel(16);
    assert.equal(inspect(channel), 'Channel { capacity: 16, values: 0, closed: false }');
    await channel.send({ any: 'value' });
    channel.close();
    assert.equal(inspect(channel), 'Channel { capacity: 16, values: 1, closed: true }');
    const tasks = await rt.load(TASKS);
    assert.equal(await tasks.look(channel), 'Channel { capacity: 16, values: 1, closed: true }');
  });

  it('prints a runtime, what it calls under options, jobs and tasks', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    assert.equal(inspect(rt), `Runtime { flavour: '${flavour}', threads: 1, pending: 0, state: 'open' }`);
    const job = rt.start('echo_i32', 5);
    assert.equal(inspect(rt), `Runtime { flavour: '${flavour}', threads: 1, pending: 1, state: 'open' }`);
    assert.equal(inspect(job), `Job { id: ${job.id}, name: 'echo_i32', settled: false }`);
    assert.equal(await job, 5);
    assert.equal(inspect(job), `Job { id: ${job.id}, name: 'echo_i32', settled: true }`);
    const some = rt.with({ label: 'nightly', priority: 'batch', timeoutMs: 60_000 });
    assert.equal(inspect(some), "Caller { label: 'nightly', timeoutMs: 60000, priority: 'batch' }");
    const labelled = some.start('echo_i32', 5);
    assert.equal(inspect(labelled), `Job { id: ${labelled.id}, name: 'echo_i32', label: 'nightly', settled: false }`);
    await labelled;
    const tasks = await rt.load(new URL('./fixtures/tasks_more.js', import.meta.url));
    const names = Object.keys(tasks);
    assert.equal(inspect(tasks), `Tasks { ${names.map((name) => `${name}: [Function: ${name}]`).join(', ')} }`);
    await rt.close();
    assert.equal(inspect(rt), `Runtime { flavour: '${flavour}', threads: 1, pending: 0, state: 'closed' }`);
  });
});

it('prints a cluster by its engine', { ...LIMIT, skip: missing('wasi') }, async (t) => {
  const cluster = await connect({ local: 1, threads: 1, memoryBytes: 64 * 1024 * 1024, module: modules.wasi });
  t.after(() => cluster.close({ cancel: true }));
  assert.match(inspect(cluster), /^Cluster \{ engine: 'local', shards: 1, functions: \d+, closed: false \}$/);
  await cluster.close();
  assert.match(inspect(cluster), /closed: true \}$/);
});
