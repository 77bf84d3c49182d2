import assert from 'node:assert/strict';
import { it } from 'node:test';
import { STATUS } from '../../js-glue/src/status.js';
import { LIMIT, flag, forEachFlavour, open, runScript, until, weftError } from './support.js';

const timeout = weftError('WEFT_ERR_TIMEOUT', /the time limit passed/);
const closed = weftError('WEFT_ERR_CLOSED', /the channel is closed/);
const inUse = weftError('WEFT_ERR_STATE', /free: it is/);

/** Resolves to a rejected promise's error; at once, so that nobody calls it unhandled. */
const failure = (promise) => promise.then(() => assert.fail('it did not reject'), (error) => error);

/** Bytes that the C heap has in one piece, to the nearest KiB. */
async function roomOf(rt) {
  let [low, high] = [0, 2 ** 26];
  while (high - low > 1024) {
    const middle = Math.floor((low + high) / 2);
    if (await rt.call('heap_fits', middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Runs something twice: the second time takes no memory. */
async function leaksNothing(rt, run) {
  await run();
  const before = await roomOf(rt);
  await run();
  const after = await roomOf(rt);
  assert.ok(after >= before - 64 * 1024, `${before - after} bytes are gone`);
}

for (const waitAsync of [true, false]) {
  forEachFlavour(waitAsync ? 'shared objects' : 'shared objects without waitAsync', (flavour) => {
    const start = (t, options) => open(t, flavour, { waitAsync, ...options });

    it('a mutex keeps a plain counter right between C and JavaScript', LIMIT, async (t) => {
      const rt = await start(t);
      const mutex = rt.mutex();
      const counter = rt.array(Int32Array, 1);
      const [inC, inJs] = waitAsync ? [80_000, 20_000] : [80_000, 300];
      const calls = [rt.call('add_locked', mutex, counter, inC / 2), rt.call('add_locked', mutex.address, counter, inC / 2)];
      const adders = Array.from({ length: 4 }, async () => {
        for (let i = 0; i < inJs / 4; i++) await mutex.with(() => counter[0]++);
      });
      assert.deepEqual(await Promise.all(calls), [0, 0]);
      await Promise.all(adders);
      assert.equal(counter[0], inC + inJs);
      mutex.free();
    });

    it('a mutex is locked by one side at a time', LIMIT, async (t) => {
      const rt = await start(t);
      const mutex = rt.mutex();
      const [entered, leave] = [rt.array(Int32Array, 1), flag(rt)];
      assert.equal(mutex.tryLock(), true);
      assert.equal(mutex.tryLock(), false);
      assert.equal(await rt.call('lock_once', mutex, 0), STATUS.WEFT_ERR_TIMEOUT);
      assert.equal(await rt.call('lock_once', mutex, 5), STATUS.WEFT_ERR_TIMEOUT);
      const call = rt.call('hold_locked', mutex, entered, leave.word);
      mutex.unlock();
      await until(() => Atomics.load(entered, 0) === 1);
      assert.equal(mutex.tryLock(), false);
      assert.throws(() => mutex.unlock(), weftError('WEFT_ERR_STATE', /mutex\.unlock: it is not locked, or not by this thread/));
      const order = [];
      const waits = [1, 2, 3].map((i) => mutex.with(() => order.push(i)));
      leave.raise();
      assert.equal(await call, STATUS.WEFT_OK);
      await Promise.all(waits);
      assert.deepEqual(order, [1, 2, 3]);
      mutex.free();
    });

    it('a lock that is handed around by JavaScript alone is never held by two', LIMIT, async (t) => {
      const rt = await start(t);
      const mutex = rt.mutex();
      let inside = 0;
      let most = 0;
      await Promise.all(Array.from({ length: 20 }, () => mutex.with(async () => {
        most = Math.max(most, ++inside);
        await null;
        inside--;
      })));
      assert.equal(most, 1);
      await assert.rejects(mutex.with(() => {
        throw new RangeError('mine');
      }), RangeError);
      assert.equal(mutex.tryLock(), true);
    });

    it('a semaphore lets in as many as it has permits', LIMIT, async (t) => {
      const rt = await start(t, { threads: 3 });
      const permits = rt.semaphore(2);
      const [inside, most] = [rt.array(Int32Array, 1), rt.array(Int32Array, 1)];
      const calls = [1, 2, 3].map(() => rt.call('use_permits', permits, inside, most, 20_000));
      for (let i = 0; i < (waitAsync ? 500 : 50); i++) {
        await permits.acquire();
        const now = Atomics.add(inside, 0, 1) + 1;
        if (now > Atomics.load(most, 0)) Atomics.store(most, 0, now);
        await null;
        Atomics.sub(inside, 0, 1);
        permits.release();
      }
      assert.deepEqual(await Promise.all(calls), [0, 0, 0]);
      assert.ok(most[0] <= 2, `${most[0]} were inside`);
      assert.deepEqual([permits.tryAcquire(), permits.tryAcquire(), permits.tryAcquire()], [true, true, false]);
      permits.free();
    });

    it('a permit goes from each side to the other', LIMIT, async (t) => {
      const rt = await start(t);
      const permits = rt.semaphore(0);
      const waits = [permits.acquire(), permits.acquire()];
      assert.equal(await rt.call('release_many', permits, 2), STATUS.WEFT_OK);
      await Promise.all(waits);
      const call = rt.call('acquire_once', permits, -1);
      permits.release();
      assert.equal(await call, STATUS.WEFT_OK);
      assert.throws(() => permits.release(2 ** 31), weftError('WEFT_ERR_INVALID', /from 0 to 2147483647, got 2147483648/));
      permits.release(2 ** 31 - 1);
      assert.throws(() => permits.release(), weftError('WEFT_ERR_LIMIT', /the count would exceed/));
    });

    it('an event lets everybody through, also when it is reset at once', LIMIT, async (t) => {
      const rt = await start(t);
      const event = rt.event();
      const entered = rt.array(Int32Array, 1);
      const waits = [event.wait(), event.wait({ timeoutMs: 20_000 })];
      const call = rt.call('wait_event', event, entered, -1);
      await until(() => Atomics.load(entered, 0) === 1);
      assert.equal(event.isSet, false);
      event.set();
      assert.equal(event.isSet, true);
      event.reset();
      const late = failure(event.wait({ timeoutMs: 5 }));
      await Promise.all(waits);
      assert.equal((await late).code, 'WEFT_ERR_TIMEOUT');
      // The call may have looked for the first time after the reset.
      event.set();
      assert.equal(await call, STATUS.WEFT_OK);
      event.reset();
      const more = [event.wait(), event.wait()];
      assert.equal(await rt.call('set_event', event), STATUS.WEFT_OK);
      await Promise.all(more);
      await event.wait({ timeoutMs: 0 });
      event.free();
    });

    it('a channel carries every item of C to an async iterator once', LIMIT, async (t) => {
      const rt = await start(t);
      const channel = rt.channel(8, { raw: true });
      const count = waitAsync ? 10_000 : 400;
      const calls = [rt.call('send_range', channel, 0, count), rt.call('send_range', channel, count, count)];
      Promise.all(calls).then(() => channel.close());
      const seen = new Uint8Array(2 * count);
      const next = [0, count]; // of each sender
      for await (const item of channel) {
        seen[item]++;
        assert.equal(item, next[item < count ? 0 : 1]++, 'the items of one sender stay in order');
      }
      assert.deepEqual(await Promise.all(calls), [0, 0]);
      assert.ok(seen.every((times) => times === 1));
      channel.free();
    });

    it('a channel carries every item of JavaScript to C once', LIMIT, async (t) => {
      const rt = await start(t);
      const channel = rt.channel(4, { raw: true });
      const count = waitAsync ? 10_000 : 200;
      const seen = rt.array(Uint8Array, count);
      const calls = [rt.call('recv_all', channel, seen), rt.call('recv_all', channel, seen)];
      const senders = [0, 1, 2].map(async (k) => {
        for (let i = k; i < count; i += 3) await channel.send(i);
      });
      await Promise.all(senders);
      channel.close();
      const counts = await Promise.all(calls);
      assert.equal(counts[0] + counts[1], count);
      assert.ok(seen.every((times) => times === 1));
    });

    it('a channel of values carries copies, and arrays and handles as they are', LIMIT, async (t) => {
      const rt = await start(t);
      const channel = rt.channel(4);
      const xs = rt.array(Float64Array, 4);
      const mutex = rt.mutex();
      const plain = { text: 'grüße', big: 2n ** 70n, list: [1, , -0], when: new Date(5), at: new Map([[1, new Set(['x'])]]) };
      plain.self = plain;
      assert.equal(channel.trySend(plain), true);
      await channel.send([xs, mutex]);
      channel.trySend(undefined);
      channel.trySend(Float32Array.of(1, 2));
      assert.equal(channel.trySend(1), false);
      const got = await channel.recv();
      assert.notEqual(got, plain);
      assert.deepEqual(got, plain);
      const [array, lock] = await channel.recv();
      assert.equal(array.buffer, xs.buffer);
      assert.deepEqual([array.byteOffset, array.length, array.constructor], [xs.byteOffset, 4, Float64Array]);
      assert.equal(lock, mutex);
      assert.equal(channel.tryRecv(), undefined);
      assert.deepEqual(await channel.recv(), Float32Array.of(1, 2));

      const refused = weftError('WEFT_ERR_INVALID', /the value/);
      for (const value of [() => {}, Symbol('s'), { deep: { inner: () => {} } }, new WeakMap(), new Int8Array(new SharedArrayBuffer(8))]) {
        assert.throws(() => channel.trySend(value), refused);
        await assert.rejects(channel.send(value), refused);
      }
      rt.free(xs);
      assert.throws(() => channel.trySend({ xs }), weftError('WEFT_ERR_POINTER', /the value\.xs .* was freed/));
      channel.trySend(mutex);
      mutex.free();
      await assert.rejects(channel.recv(), weftError('WEFT_ERR_POINTER', /freed before it arrived/));
    });

    it('values that C passes on arrive once, and nothing of them stays behind', LIMIT, async (t) => {
      const rt = await start(t);
      const [from, to] = [rt.channel(3), rt.channel(3)];
      const count = waitAsync ? 3000 : 200;
      const calls = [rt.call('pass_on', from, to), rt.call('pass_on', from, to)];
      const seen = new Uint8Array(count);
      const sender = (async () => {
        for (let i = 0; i < count; i++) await from.send({ i, text: 'x'.repeat(i % 1000) });
        from.close();
      })();
      Promise.all(calls).then(() => to.close());
      for await (const { i, text } of to) {
        seen[i]++;
        assert.equal(text.length, i % 1000);
      }
      await sender;
      const counts = await Promise.all(calls);
      assert.equal(counts[0] + counts[1], count);
      assert.ok(seen.every((times) => times === 1));

      // What was sent and not received, refused, timed out or aborted.
      const text = 'y'.repeat(100_000);
      await leaksNothing(rt, async () => {
        for (let i = 0; i < 200; i++) await abandon();
      });
      async function abandon() {
        const channel = rt.channel(2);
        channel.trySend(text);
        channel.trySend(text);
        assert.equal(channel.trySend(text), false);
        const controller = new AbortController();
        const sends = [failure(channel.send(text, controller)), failure(channel.send(text))];
        await assert.rejects(channel.send(text, { timeoutMs: 0 }), timeout);
        await assert.rejects(channel.send(text, { timeoutMs: -1 }));
        controller.abort();
        channel.close();
        assert.throws(() => channel.trySend(text), closed);
        await Promise.all(sends);
        channel.free();
      }
    });

    it('closing a channel wakes whoever waits for it', LIMIT, async (t) => {
      const rt = await start(t);
      const [empty, full] = [rt.channel(1, { raw: true }), rt.channel(1, { raw: true })];
      const entered = rt.array(Int32Array, 1);
      full.trySend(7);
      const waits = [failure(empty.recv()), failure(empty.recv()), failure(full.send(8)), failure(full.send(9))];
      const calls = [rt.call('recv_once', empty, entered, -1), rt.call('send_range', full, 1, 1)];
      await until(() => Atomics.load(entered, 0) === 1);
      empty.close();
      await rt.call('close_channel', full);
      for (const error of await Promise.all(waits)) closedError(error);
      assert.deepEqual(await Promise.all(calls), [STATUS.WEFT_ERR_CLOSED, STATUS.WEFT_ERR_CLOSED]);
      assert.throws(() => full.trySend(1), closed);
      assert.equal(await full.recv(), 7);
      await assert.rejects(full.recv(), closed);
      assert.throws(() => full.tryRecv(), closed);
      for (const channel of [empty, full]) channel.free();
    });

    it('a time limit of 0 only looks, any other passes', LIMIT, async (t) => {
      const rt = await start(t);
      const [mutex, permits, event, channel] = [rt.mutex(), rt.semaphore(0), rt.event(), rt.channel(1, { raw: true })];
      await mutex.lock({ timeoutMs: 0 });
      channel.trySend(1);
      const waits = (timeoutMs) => [
        mutex.lock({ timeoutMs }), permits.acquire({ timeoutMs }), event.wait({ timeoutMs }), channel.send(2, { timeoutMs }),
      ];
      for (const timeoutMs of [0, 1, 20.5]) {
        for (const wait of await Promise.all(waits(timeoutMs).map(failure))) assert.throws(() => { throw wait; }, timeout);
      }
      assert.equal(await channel.recv({ timeoutMs: 0 }), 1);
      await assert.rejects(channel.recv({ timeoutMs: 0 }), timeout);
      await assert.rejects(channel.recv({ timeoutMs: 5 }), timeout);
      for (const timeoutMs of [-1, NaN, '1', null, {}]) {
        await assert.rejects(event.wait({ timeoutMs }), weftError('WEFT_ERR_INVALID', /timeoutMs must be a number from 0/));
      }
      mutex.unlock();
      for (const object of [mutex, permits, event, channel]) object.free();
    });

    it('a waiter that is aborted takes nothing with it', LIMIT, async (t) => {
      const rt = await start(t);
      const [mutex, permits, channel] = [rt.mutex(), rt.semaphore(0), rt.channel(2, { raw: true })];
      const reason = new Error('enough');
      const abort = () => {
        const controller = new AbortController();
        return { signal: controller.signal, now: () => controller.abort(reason) };
      };
      await mutex.lock();
      const [a, b, c, d] = [abort(), abort(), abort(), abort()];
      const aborted = [mutex.lock(a), permits.acquire(a), channel.recv(a)].map(failure);
      const kept = [mutex.lock(b), permits.acquire(b), channel.recv(b)];
      const alsoAborted = [mutex.lock(c), permits.acquire(c), channel.recv(c)].map(failure);
      a.now();
      c.now();
      for (const error of await Promise.all([...aborted, ...alsoAborted])) assert.equal(error, reason);
      mutex.unlock();
      permits.release();
      channel.trySend(5);
      assert.deepEqual(await Promise.all(kept), [undefined, undefined, 5]);
      b.now(); // too late to matter
      assert.equal(permits.tryAcquire(), false);

      // A sender's item leaves with it, and the next one's takes the place.
      channel.trySend(1);
      channel.trySend(2);
      const sends = [failure(channel.send(3, d)), channel.send(4)];
      d.now();
      assert.equal(await sends[0], reason);
      assert.deepEqual([await channel.recv(), await channel.recv(), await channel.recv()], [1, 2, 4]);
      await sends[1];
      await assert.rejects(channel.recv(d), reason);
      await assert.rejects(mutex.lock(d), reason);
    });

    it('an abort at the moment of the release loses no permit, lock or item', LIMIT, async (t) => {
      const rt = await start(t);
      const [mutex, permits, channel] = [rt.mutex(), rt.semaphore(0), rt.channel(1, { raw: true })];
      const [entered, leave] = [rt.array(Int32Array, 1), rt.array(Int32Array, 1)];
      let served = 0;
      let received = 0;
      const rounds = waitAsync ? 200 : 40;
      for (let i = 0; i < rounds; i++) {
        entered[0] = leave[0] = 0;
        const holder = rt.call('hold_locked', mutex, entered, leave);
        await until(() => Atomics.load(entered, 0) === 1);
        const controller = new AbortController();
        const waits = [
          mutex.lock(controller).then(() => mutex.unlock(), () => {}),
          permits.acquire(controller).then(() => served++, () => {}),
          channel.recv(controller).then(() => received++, () => {}),
        ];
        Atomics.store(leave, 0, 1);
        const calls = [rt.call('release_many', permits, 1), rt.call('send_range', channel, 1, 1)];
        if (i % 2 === 0) for (let spin = 0; spin < 200 * i; spin++) Atomics.load(leave, 0);
        else await calls[i % 3 === 0 ? 0 : 1];
        controller.abort();
        assert.deepEqual(await Promise.all([holder, ...calls]), [0, 0, 0]);
        await Promise.all(waits);
        assert.equal(mutex.tryLock(), true);
        mutex.unlock();
        while (permits.tryAcquire()) served++;
        if (channel.tryRecv() !== undefined) received++;
        assert.deepEqual([served, received], [i + 1, i + 1]);
      }
    });

    it('an aborted waiter does not take the wake-up of another thread', LIMIT, async (t) => {
      const rt = await start(t);
      const [permits, event] = [rt.semaphore(0), rt.event()];
      const entered = rt.array(Int32Array, 1);
      for (let i = 0; i < 20; i++) {
        const controller = new AbortController();
        const waits = [failure(permits.acquire(controller)), failure(event.wait(controller))]; // in line before C
        const calls = [rt.call('acquire_once', permits, 10_000), rt.call('wait_event', event, entered, 10_000)];
        await until(() => Atomics.load(entered, 0) === i + 1);
        controller.abort();
        permits.release();
        event.set();
        assert.deepEqual(await Promise.all(calls), [0, 0]);
        event.reset();
        await Promise.all(waits);
      }
    });

    it('free gives the memory back, and refuses what is in use', LIMIT, async (t) => {
      const rt = await start(t, { memoryBytes: 64 * 1024 * 1024 });
      const fill = () => [rt.mutex(), rt.semaphore(1), rt.event(), rt.channel(1000), rt.channel(1000, { raw: true })];
      await leaksNothing(rt, () => {
        for (let i = 0; i < 1000; i++) for (const object of fill()) object.free();
      });

      const [mutex, permits, event, channel] = fill();
      await mutex.lock();
      assert.throws(() => mutex.free(), inUse);
      const waits = [failure(event.wait({ timeoutMs: 200 })), failure(channel.recv({ timeoutMs: 200 }))];
      assert.throws(() => event.free(), inUse);
      assert.throws(() => channel.free(), inUse);
      const [entered, leave] = [rt.array(Int32Array, 1), flag(rt)];
      mutex.unlock();
      const call = rt.call('hold_locked', mutex, entered, leave.word);
      assert.throws(() => mutex.free(), weftError('WEFT_ERR_STATE', /used by a pending call/));
      leave.raise();
      await call;
      await Promise.all(waits);
      for (const object of [mutex, permits, event, channel]) object.free();
      const freed = weftError('WEFT_ERR_POINTER', /was freed/);
      assert.throws(() => mutex.tryLock(), freed);
      assert.throws(() => mutex.free(), freed);
      assert.throws(() => event.address, freed);
      await assert.rejects(mutex.lock(), freed);
      await assert.rejects(channel.send(1), freed);
      await assert.rejects(rt.call('lock_once', mutex, 0), freed);
    });

    it('free refuses what a C thread waits for', LIMIT, async (t) => {
      const rt = await start(t, { threads: 3 });
      const [permits, event, channel] = [rt.semaphore(0), rt.event(), rt.channel(1, { raw: true })];
      const entered = rt.array(Int32Array, 1);
      const calls = [
        rt.call('acquire_once', permits.address, -1),
        rt.call('wait_event', event.address, entered, -1),
        rt.call('recv_once', channel.address, entered, -1),
      ];
      for (const object of [permits, event, channel]) { // the addresses do not hold the objects
        while (await rt.call('sleeper_of', object.address) === 0);
        assert.throws(() => object.free(), weftError('WEFT_ERR_STATE', /somebody waits for it/));
      }
      permits.release();
      event.set();
      channel.trySend(1);
      assert.deepEqual(await Promise.all(calls), [0, 0, 0]);
    });

    it('refuses what is no count, number, option or object of this runtime', LIMIT, async (t) => {
      const [rt, other] = [await start(t, { threads: 1 }), await start(t, { threads: 1 })];
      const invalid = (message) => weftError('WEFT_ERR_INVALID', message);
      for (const count of [-1, 1.5, NaN, Infinity, 2 ** 31, '1', null, undefined, 1n, {}]) {
        assert.throws(() => rt.semaphore(count), invalid(/number of permits must be an integer from 0 to 2147483647/));
      }
      for (const capacity of [0, -1, 1.5, NaN, 16777217, '1', undefined]) {
        assert.throws(() => rt.channel(capacity), invalid(/capacity must be an integer from 1 to 16777216/));
      }
      const channel = rt.channel(1, { raw: true });
      for (const item of [1.5, NaN, 2 ** 32, -(2 ** 31) - 1, '1', null, undefined, 1n, {}, Symbol('s')]) {
        assert.throws(() => channel.trySend(item), invalid(/a raw channel carries integers/));
        await assert.rejects(channel.send(item), invalid(/a raw channel carries integers/));
      }
      const xs = rt.array(Float64Array, 4);
      assert.equal(channel.trySend(xs), true);
      assert.equal(channel.trySend(xs), false);
      assert.equal(channel.tryRecv(), xs.byteOffset);
      assert.equal(channel.tryRecv(), undefined);
      assert.equal(channel.trySend(-1), true);
      assert.equal(channel.tryRecv(), 2 ** 32 - 1);
      assert.throws(() => channel.trySend(new Float64Array(4)), weftError('WEFT_ERR_POINTER', /outside the runtime's memory/));
      for (const options of [null, 1, 'x', { signal: {} }, { signal: 1 }]) {
        await assert.rejects(channel.recv(options), invalid(/channel\.recv: /));
      }
      await assert.rejects(other.call('lock_once', rt.mutex(), 0), weftError('WEFT_ERR_POINTER', /another runtime/));
      for (const name of ['lockSync', 'withSync']) {
        assert.throws(() => rt.mutex()[name](), weftError('WEFT_ERR_WOULD_BLOCK', /await the form without Sync/));
      }
      assert.throws(() => rt.semaphore(1).acquireSync(), weftError('WEFT_ERR_WOULD_BLOCK', /await/));
      assert.throws(() => rt.event().waitSync(0), weftError('WEFT_ERR_WOULD_BLOCK', /await/));
      assert.throws(() => channel.sendSync(1), weftError('WEFT_ERR_WOULD_BLOCK', /await/));
      assert.throws(() => channel.recvSync(), weftError('WEFT_ERR_WOULD_BLOCK', /await/));
    });

    it('close ends the waits after the calls that may still serve them', LIMIT, async (t) => {
      const rt = await start(t);
      const [channel, mutex] = [rt.channel(1, { raw: true }), rt.mutex()];
      await mutex.lock();
      const wait = failure(mutex.lock());
      const items = [];
      const reader = failure((async () => {
        for await (const item of channel) items.push(item);
      })());
      const call = rt.call('send_range', channel, 0, 50);
      await rt.close();
      assert.equal(await call, STATUS.WEFT_OK);
      const ended = weftError('WEFT_ERR_CLOSED', 'this runtime is closed');
      for (const error of [await wait, await reader]) assert.throws(() => { throw error; }, ended);
      assert.ok(items.length >= 49, `${items.length} items`);
      for (const use of [() => mutex.unlock(), () => mutex.free(), () => channel.trySend(1), () => rt.event()]) {
        assert.throws(use, ended);
      }
      await assert.rejects(channel.recv(), ended);
    });

    it('close loses nothing that was handed to a wait', LIMIT, async (t) => {
      for (let i = 0; i < 10; i++) {
        const rt = await start(t);
        const channel = rt.channel(1, { raw: true });
        const received = channel.recv();
        const call = rt.call('send_range', channel, i, 1);
        await rt.close();
        assert.deepEqual([await call, await received], [STATUS.WEFT_OK, i]);
      }
    });

    it('a pending wait keeps the process alive, an idle object does not', LIMIT, async () => {
      const options = `{ module, threads: 1, memoryBytes: ${2 ** 24}, waitAsync: ${waitAsync} }`;
      const idle = await runScript(flavour, `const rt = await createRuntime(${options});
        const m = rt.mutex(); await m.with(() => {}); const c = rt.channel(1); console.log('idle');`);
      assert.deepEqual([idle.code, idle.stdout], [0, 'idle\n']);
      const waits = await runScript(flavour, `const rt = await createRuntime(${options});
        const e = rt.event(); setTimeout(() => e.set(), 300).unref();
        await e.wait(); console.log('set');`);
      assert.deepEqual([waits.code, waits.stdout], [0, 'set\n']);
    });
  });
}

forEachFlavour('shared objects without workers', (flavour) => {
  it('the main thread waits for itself', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 0 });
    const [mutex, permits, event, channel] = [rt.mutex(), rt.semaphore(0), rt.event(), rt.channel(1)];
    const order = [];
    await Promise.all([1, 2, 3].map((i) => mutex.with(async () => {
      order.push(i);
      await null;
      order.push(-i);
    })));
    assert.deepEqual(order, [1, -1, 2, -2, 3, -3]);
    const waits = [permits.acquire(), event.wait(), permits.acquire()];
    permits.release(2);
    event.set();
    await Promise.all(waits);
    const sender = (async () => {
      for (let i = 0; i < 20; i++) await channel.send(i);
      channel.close();
    })();
    const received = [];
    for await (const value of channel) received.push(value);
    await sender;
    assert.deepEqual(received, Array.from({ length: 20 }, (_, i) => i));
    assert.equal(await rt.call('lock_once', mutex, 0), STATUS.WEFT_OK);
    for (const object of [mutex, permits, event, channel]) object.free();
  });
});

function closedError(error) {
  assert.throws(() => { throw error; }, closed);
}
