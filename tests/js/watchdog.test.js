// Calls that wait for each other, or for something that cannot come.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LIMIT, flag, forEachFlavour, open, until, weftError } from './support.js';

const TIMEOUT = 4;

/** A mutex of C that is free: two words. */
const mutex = (rt) => rt.array(Int32Array, 2);

/** The error of a call that must be told of its deadlock: half a second on a machine with nothing else to do. */
const soon = (promise) => promise.then(() => assert.fail('it resolved'), (reason) => reason);

/** Both workers can be in a call at the same time. */
async function bothWork(rt) {
  const met = rt.array(Int32Array, 1);
  await Promise.all([rt.call('meet', met, 2), rt.call('meet', met, 2)]);
  rt.free(met);
}

forEachFlavour('watchdog', (flavour) => {
  it('names who waits for what in a circle of locks, and lets both go', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const [a, b, met] = [mutex(rt), mutex(rt), rt.array(Int32Array, 1)];
    const calls = [rt.with({ label: 'first' }).call('lock_pair', a, b, met), rt.call('lock_pair', b, a, met)];
    const errors = await Promise.all(calls.map(soon));
    for (const error of errors) {
      assert.equal(error.code, 'WEFT_ERR_DEADLOCK');
      assert.match(error.message, /deadlock: .*worker 0 in .*worker 1 in /);
      assert.match(error.message, new RegExp(`worker (\\d) in first \\(lock_pair\\) waits for the mutex at 0x${b.byteOffset.toString(16)} held by worker (?!\\1)\\d`));
    }
    await until(() => rt.stats().calls.open === 0);
    assert.equal(a[0], 0); // both saw that their wait had ended, and unlocked
    assert.equal(b[0], 0);
    await bothWork(rt);
  });

  it('ends calls that ask for a lock again and again', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const [a, b, met] = [mutex(rt), mutex(rt), rt.array(Int32Array, 1)];
    const calls = [rt.call('lock_pair_deaf', a, b, met), rt.call('lock_pair_deaf', b, a, met)];
    for (const error of await Promise.all(calls.map(soon))) assert.equal(error.code, 'WEFT_ERR_DEADLOCK');
    await until(() => rt.stats().calls.open === 0);
    await bothWork(rt);
  });

  it('sees a circle while other calls run', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const { word, raise } = flag(rt);
    const neighbour = rt.call('wait_for', word);
    const twice = await soon(rt.call('lock_twice', mutex(rt)));
    assert.match(twice.message, /^lock_twice: deadlock: worker (\d) in lock_twice waits for the mutex at 0x[0-9a-f]+ held by worker \1$/);
    raise();
    await neighbour;
  });

  it('says that a lock was never given back', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const lock = mutex(rt);
    assert.equal(await rt.call('lock_and_forget', lock), 0);
    const error = await soon(rt.call('lock_and_forget', lock));
    assert.match(error.message, /held by worker \d$|which a call on worker \d took and never gave back$/);
    assert.equal(await rt.call('echo_i32', 5), 5);
  });

  it('says that the owner of a lock trapped, to who waits and to who comes later', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const [lock, entered, leave] = [mutex(rt), rt.array(Int32Array, 1), rt.array(Int32Array, 1)];
    const neighbour = flag(rt);
    const awake = rt.call('wait_for', neighbour.word); // not all sleep
    const trapped = assert.rejects(rt.call('lock_and_trap', lock, entered, leave), weftError('WEFT_ERR_TRAP', /./));
    await until(() => entered[0] === 1);
    const early = soon(rt.call('lock_and_forget', lock));
    leave[0] = 1;
    await trapped;
    for (const error of [await early, await soon(rt.call('lock_and_forget', lock))]) {
      assert.equal(error.code, 'WEFT_ERR_DEADLOCK');
      assert.match(error.message, /waits for the mutex at 0x[0-9a-f]+, abandoned: worker \d held it in a call that failed or was ended$/);
    }
    neighbour.raise();
    await awake;
  });

  it('tells the main thread that the owner of a lock trapped', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const [lock, entered, leave] = [rt.mutex(), rt.array(Int32Array, 1), rt.array(Int32Array, 1)];
    const abandoned = weftError('WEFT_ERR_DEADLOCK', /^mutex\.lock: abandoned: it was held in a call that failed or was ended, on worker \d$/);
    const trapped = assert.rejects(rt.call('lock_and_trap', lock, entered, leave), weftError('WEFT_ERR_TRAP', /./));
    await until(() => entered[0] === 1);
    const early = [lock.lock(), lock.lock({ timeoutMs: 60_000 })].map((wait) => assert.rejects(wait, abandoned));
    leave[0] = 1;
    await trapped;
    await Promise.all(early);
    await assert.rejects(lock.lock(), abandoned);
    assert.equal(lock.tryLock(), false);
  });

  it('takes no lock for abandoned that another call took on a worker which trapped later', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    const lock = rt.mutex();
    assert.equal(await rt.call('lock_and_forget', lock), 0);
    const waits = lock.lock();
    await assert.rejects(rt.call('trap_unreachable'), weftError('WEFT_ERR_TRAP', /./));
    await rt.call('unlock_other', lock);
    await waits;
    lock.unlock();
  });

  it('answers callSync when it needs a lock of the very thread that waits', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const lock = rt.mutex();
    await lock.lock();
    assert.throws(() => rt.callSync('lock_once', lock, -1),
      weftError('WEFT_ERR_DEADLOCK', /^lock_once: deadlock: the thread that waits .* waits for the mutex at 0x[0-9a-f]+ held by the main thread$/));
    lock.unlock();
    await until(() => rt.stats().calls.open === 0);
    assert.equal(rt.callSync('lock_once', lock, -1), 0);
  });

  it('answers callSync when a lock is on its way to the very thread that waits', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    const lock = rt.mutex();
    await lock.lock();
    const second = lock.lock(); // first in line
    lock.unlock(); // it is told in a later turn
    const answer = (() => {
      try {
        return rt.callSync('lock_once', lock, -1);
      } catch (error) {
        return error.code;
      }
    })();
    assert.ok(answer === 0 || answer === 'WEFT_ERR_DEADLOCK', String(answer)); // but no hang
    await second;
    lock.unlock();
  });

  it('answers callSync when every worker waits for the very thread that waits', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 1 });
    const permits = rt.semaphore(0);
    const call = rt.call('acquire', permits, -1);
    assert.throws(() => rt.callSync('acquire', permits, -1), weftError('WEFT_ERR_DEADLOCK', /semaphore/));
    permits.release(2);
    assert.equal(await call, 0);
  });

  it('reports permits that cannot come, in loops too, and frees every worker', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const permits = rt.array(Int32Array, 1);
    for (const call of [() => rt.call('acquire', permits, -1), () => rt.call('acquire_in_slices', permits, 8)]) {
      const error = await soon(call());
      assert.equal(error.code, 'WEFT_ERR_DEADLOCK');
      assert.match(error.message, /waits for the semaphore at 0x/);
      await until(() => rt.stats().calls.open === 0);
      await bothWork(rt);
    }
  });

  it('reports a condition that nobody signals, and its mutex is free again', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const [cond, lock] = [rt.array(Int32Array, 2), mutex(rt)];
    const error = await soon(rt.call('wait_condition', cond, lock));
    assert.match(error.message, /waits for the condition at/);
    await until(() => rt.stats().calls.open === 0);
    assert.deepEqual([lock[0], cond[1]], [0, 0]);
  });

  it('takes no wait with a time limit for a deadlock', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    assert.equal(await rt.call('acquire', rt.array(Int32Array, 1), 1200), TIMEOUT);
  });

  it('takes no wait for an object of the main thread for a deadlock', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const permits = rt.semaphore(0);
    const call = rt.call('acquire', permits, -1);
    await new Promise((resolve) => setTimeout(resolve, 1200)); // several looks
    permits.release();
    assert.equal(await call, 0);
  });

  it('ends the wait of a call that was ended by its caller', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const permits = rt.semaphore(0); // no deadlock: the main thread could release it
    const controller = new AbortController();
    const call = rt.with({ signal: controller.signal }).call('acquire', permits, -1);
    await until(() => rt.stats().calls.open === 1);
    controller.abort();
    await assert.rejects(call, { name: 'AbortError' });
    await until(() => rt.stats().calls.open === 0);
    permits.release(); // nobody is left in line
    assert.equal(await rt.call('acquire', permits, 0), 0);
  });

  it('frees the workers of calls that wait for their own tasks', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    await Promise.all([1, 2, 3].map(async () => { // one more than workers: it begins when they are free
      const error = await rt.call('wait_for_ever').catch((reason) => reason);
      assert.equal(error.code, 'WEFT_ERR_DEADLOCK');
      assert.match(error.message, /^wait_for_ever: deadlock: .*waits for the end of tasks that it started/);
    }));
    await bothWork(rt);
  });

  it('sleeps while no call is pending', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    await assert.rejects(rt.call('lock_twice', mutex(rt)), weftError('WEFT_ERR_DEADLOCK', /./));
    await until(() => rt.stats().calls.open === 0);
    await until(() => !process.getActiveResourcesInfo().includes('Timeout'));
  });
});
