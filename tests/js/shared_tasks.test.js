import assert from 'node:assert/strict';
import { it } from 'node:test';
import { forEachFlavour, LIMIT, open, weftError } from './support.js';

const timeout = weftError('WEFT_ERR_TIMEOUT', /the time limit passed/);
const inUse = weftError('WEFT_ERR_STATE', /free: it is/);

forEachFlavour('shared objects in tasks', (flavour) => {
  const load = async (t, options) => {
    const rt = await open(t, flavour, options);
    const tasks = await rt.load(new URL('./fixtures/shared_tasks.js', import.meta.url));
    return { rt, tasks };
  };

  it('a mutex keeps a plain counter right between C, tasks and the main thread', LIMIT, async (t) => {
    const { rt, tasks } = await load(t, { threads: 3 });
    const mutex = rt.mutex();
    const counter = rt.array(Int32Array, 1);
    const calls = [tasks.addLocked(mutex, counter, 20_000), tasks.addLocked(mutex, counter, 20_000), rt.call('add_locked', mutex, counter, 50_000)];
    assert.throws(() => mutex.free(), inUse);
    for (let i = 0; i < 10_000; i++) await mutex.with(() => counter[0]++);
    await Promise.all(calls);
    assert.equal(counter[0], 100_000);
    mutex.free();
  });

  it('a task that throws with a mutex in its hand leaves no waiter behind', LIMIT, async (t) => {
    const { rt, tasks } = await load(t);
    const abandoned = weftError('WEFT_ERR_DEADLOCK', /abandoned: .*in a call that failed or was ended/);
    const thrown = weftError('WEFT_ERR_THROWN', /with a lock in its hand/);
    const given = rt.mutex();
    for (let i = 0; i < 100; i++) await assert.rejects(tasks.lockAndThrow(given, true), thrown);
    await given.with(() => {});
    const kept = rt.mutex();
    await assert.rejects(tasks.lockAndThrow(kept, false), thrown);
    await assert.rejects(kept.lock(), abandoned);
    await assert.rejects(tasks.lockFor(kept), abandoned);
    for (let i = 0; i < 100; i++) await assert.rejects(tasks.lockAndThrow(given, true), thrown); // and it is not forgotten
    await assert.rejects(kept.lock(), abandoned);
    assert.equal(await tasks.echo(5), 5);
  });

  it('a task waits and does not wait like C', LIMIT, async (t) => {
    const { rt, tasks } = await load(t);
    const objects = { mutex: rt.mutex(), permits: rt.semaphore(1), event: rt.event(), channel: rt.channel(1) };
    objects.event.set();
    assert.deepEqual(await tasks.useAll(objects),
      { locked: false, acquired: false, isSet: false, full: [true, false], received: { a: 1 } });
    assert.equal(await tasks.echo(objects.mutex), objects.mutex);
    await objects.mutex.lock();
    await assert.rejects(tasks.lockFor(objects.mutex, 5), { code: 'WEFT_ERR_TIMEOUT' });
    assert.deepEqual(await tasks.misuse(objects.mutex),
      ['WEFT_ERR_UNSUPPORTED', 'WEFT_ERR_INVALID', 'WEFT_ERR_INVALID']);
    await assert.rejects(tasks.waitAsync(objects.mutex), { code: 'WEFT_ERR_UNSUPPORTED' });
    objects.mutex.unlock();
    objects.channel.close();
    await assert.rejects(tasks.receive(objects.channel), { code: 'WEFT_ERR_CLOSED' });
    for (const object of Object.values(objects)) object.free();
  });

  it('values go through tasks and back, each once', LIMIT, async (t) => {
    const { rt, tasks } = await load(t);
    const [from, to] = [rt.channel(3), rt.channel(3)];
    const relays = [tasks.relay(from, to), tasks.relay(from, to)];
    Promise.all(relays).then(() => to.close());
    const sender = (async () => {
      for (let i = 0; i < 2000; i++) await from.send([i, String(i)]);
      from.close();
    })();
    const seen = new Uint8Array(2000);
    for await (const [i, text] of to) {
      assert.equal(text, String(i));
      seen[i]++;
    }
    await sender;
    const [a, b] = await Promise.all(relays);
    assert.equal(a + b, 2000);
    assert.ok(seen.every((times) => times === 1));
  });

  it('C receives what a task sends in a raw channel', LIMIT, async (t) => {
    const { rt, tasks } = await load(t);
    const channel = rt.channel(2, { raw: true });
    const seen = rt.array(Uint8Array, 5000);
    const call = rt.call('recv_all', channel, seen);
    await tasks.sendNumbers(channel, 5000);
    channel.close();
    assert.equal(await call, 5000);
    assert.ok(seen.every((times) => times === 1));
  });

  it('every worker may wait for the main thread, which is no deadlock', LIMIT, async (t) => {
    const { rt, tasks } = await load(t);
    const event = rt.event();
    const mutex = rt.mutex();
    const ready = Array.from({ length: 4 }, () => rt.event());
    await mutex.lock();
    const calls = ready.map((one) => tasks.signalAndWait(one, event));
    const locks = [rt.call('lock_once', mutex, -1), rt.call('lock_once', mutex, -1)];
    await Promise.all(ready.map((one) => one.wait()));
    // Longer than the watchdog takes to call it a deadlock.
    await assert.rejects(rt.event().wait({ timeoutMs: 1500 }), timeout);
    event.set();
    mutex.unlock();
    assert.deepEqual(await Promise.all(calls), ['woken', 'woken', 'woken', 'woken']);
    assert.deepEqual(await Promise.all(locks), [0, 0]);
  });
});
