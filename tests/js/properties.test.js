// Whatever a careless or hostile caller passes: a WeftError with a known code or the defined
// result, a runtime that goes on, and no memory lost.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { WeftError } from '../../js-glue/src/errors.js';
import { STATUS } from '../../js-glue/src/status.js';
import { createRuntime } from '../../js-glue/src/index.js';
import { forEachFlavour, modules, until } from './support.js';

const LIMIT = { timeout: 300_000 };
const RUNS = Number(process.env.WEFT_PROPERTY_RUNS ?? 150);
const ARRAYS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array];

/** What the traps and getters of hostile objects throw. */
class Hostile extends Error {}

const boom = () => {
  throw new Hostile('boom');
};

/** @param {(hook: string) => void} act  what each trap does first */
const trapped = (target, act) => new Proxy(target, Object.fromEntries(
  ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor', 'apply', 'set'].map(
    (hook) => [hook, (...args) => {
      act(hook);
      return Reflect[hook](...args);
    }])));

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function detached(Type) {
  const array = new Type(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A view whose buffer has shrunk below it. */
function shrunk(Type) {
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 });
  const array = new Type(buffer, 8, 4);
  buffer.resize(4);
  return array;
}

class Impostor extends Float64Array {
  get [Symbol.toStringTag]() {
    return boom();
  }

  get length() {
    return boom();
  }
}
Object.defineProperty(Impostor.prototype, 'constructor', { get: boom });

/** Makes a value for the test alone: fast-check itself must not touch a hostile one. */
class Given {
  constructor(make) {
    this.make = make;
  }

  [fc.toStringMethod]() {
    return String(this.make);
  }
}

const made = (value) => {
  if (value instanceof Given) return value.make();
  if (Array.isArray(value)) return value.map(made);
  const record = value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  return record ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, made(inner)])) : value;
};

/** Values that no argument is meant to be, made anew for each use. */
function hostileValues(rt, other) {
  const view = (Type, at, length) => new Type(rt.memory.buffer, at, length);
  const makers = [
    ...ARRAYS.flatMap((Type) => [() => new Type(3), () => detached(Type), () => shrunk(Type),
      () => new Type(new ArrayBuffer(32, { maxByteLength: 64 })), () => new Type(new SharedArrayBuffer(64)),
      () => view(Type, 8, 2), () => view(Type, rt.memory.buffer.byteLength - 8, 1), () => view(Type, 0, 0)]),
    () => new SharedArrayBuffer(8, { maxByteLength: 64 }), () => new ArrayBuffer(8), () => rt.memory.buffer, () => rt.memory,
    () => new DataView(new ArrayBuffer(8)), () => view(DataView, 64, 8), () => Buffer.from('text'),
    () => new Impostor(4), () => new Impostor(rt.memory.buffer, 64, 2),
    () => Object.defineProperty(new Float64Array(4), 'length', { get: boom }),
    () => Object.defineProperty(new Float64Array(4), 'buffer', { get: boom }),
    () => {
      const array = rt.array(Float64Array, 4);
      rt.free(array);
      return array;
    },
    () => other.array, () => other.mutex, () => other.rt, () => rt,
    () => {
      const event = rt.event();
      event.free();
      return event;
    },
    revoked, () => trapped({}, boom), () => trapped(() => {}, boom), () => trapped(new Float64Array(2), boom),
    () => new Proxy(new Float64Array(2), {}), () => new Proxy([], {}), () => new Proxy(function f() {}, {}),
    () => ({ valueOf: boom }), () => ({ toString: boom, valueOf: undefined }), () => ({ [Symbol.toPrimitive]: boom }),
    () => ({ get length() { return boom(); } }), () => ({ get then() { return boom(); } }), () => ({ get buffer() { return boom(); } }),
    () => ({ get weftHandle() { return boom(); } }), () => ({ weftHandle: boom }), () => ({ weftHandle: () => null }),
    () => ({ weftHandle: () => ({ kind: 1, address: 64 }) }), () => ({ address: 64, kind: 1, hold: () => ({}) }),
    () => ({ get address() { return boom(); } }), () => Object.create(null), () => Object.create(trapped({}, boom)),
    () => ({ valueOf: () => 3 }), () => ({ toString: () => '3' }), () => new Number(3), () => new String('3'), () => Object(3n),
    () => Symbol('s'), () => Symbol.iterator, () => () => {}, () => class {}, () => async () => {}, () => boom, () => Promise.resolve(1),
    () => new Date(NaN), () => /x/, () => new Map([[1, 2]]), () => new WeakMap(), () => new Error('x'), () => globalThis,
    () => [1, , 3], () => [[[]]], () => [boom], () => arguments,
  ];
  const numbers = [NaN, Infinity, -Infinity, -0, 0.5, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1,
    2 ** 53, 1e300, 5e-324, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 63n), -(2n ** 63n) - 1n, 0n, 10n ** 100n,
    '', '\0', 'a\0b', '\ud800', 'x'.repeat(10_000), 'toString', '__proto__', 'constructor', true, false, null, undefined];
  return fc.oneof(
    fc.constantFrom(...makers.map((make) => new Given(make))),
    fc.constantFrom(...numbers),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true,
      withSparseArray: true, withNullPrototype: true, withBoxedValues: true }).map((anything) => new Given(() => anything)),
    fc.integer(), fc.double(), fc.bigInt(), fc.string());
}

const known = (error) => error instanceof WeftError && Object.hasOwn(STATUS, error.code) && error.code !== 'WEFT_OK';

/** The result, or undefined after an error as it ought to be. */
async function outcome(use, { mayBeHostile = false } = {}) {
  try {
    const result = use();
    return result instanceof Promise ? await result : result;
  } catch (error) {
    if (known(error) || (mayBeHostile && (error instanceof Hostile || error?.name === 'TimeoutError'))) return undefined;
    throw new Error(`not a WeftError: ${error?.stack}`, { cause: error });
  }
}

/** Bytes that the C heap has in one piece, to the nearest KiB. */
async function roomOf(rt) {
  let [low, high] = [0, rt.memory.buffer.byteLength];
  while (high - low > 1024) {
    const middle = Math.floor((low + high) / 2);
    if (await rt.call('heap_fits', middle)) low = middle;
    else high = middle;
  }
  return low;
}

forEachFlavour('any input', (flavour) => {
  const options = { module: modules[flavour], threads: 2, memoryBytes: 64 * 1024 * 1024 };
  /** @type {import('../../js-glue/src/index.js').Runtime} */
  let rt;
  let other;
  let value;
  let tasks;

  before(async () => {
    rt = await createRuntime(options);
    const second = await createRuntime({ ...options, threads: 1 });
    other = { rt: second, array: second.array(Float64Array, 8), mutex: second.mutex() };
    tasks = await rt.load(new URL('./fixtures/shared_tasks.js', import.meta.url));
    value = hostileValues(rt, other);
  });

  after(async () => {
    await rt?.close({ cancel: true });
    await other?.rt.close({ cancel: true });
  });

  /** A property that holds, leaves the runtime as it was, and costs no memory in the long run. */
  async function holds(arbitraries, use) {
    // The same values each time, so that the heap is as large as they need after the first.
    const seed = Math.floor(Math.random() * 2 ** 31);
    const check = () => fc.assert(fc.asyncProperty(...arbitraries, async (...values) => {
      await use(...values.map(made));
    }), { seed, numRuns: RUNS, endOnFailure: true });
    await check();
    await check();
    const room = await roomOf(rt);
    await check();
    assert.equal(await rt.call('echo_i32', 7), 7);
    assert.equal(rt.pending, 0);
    const lost = room - await roomOf(rt);
    assert.ok(lost <= 256 * 1024, `${lost} bytes are gone, with seed ${seed}`);
  }

  const functions = ['echo_i32', 'echo_i64', 'echo_f32', 'echo_f64', 'nothing', 'mixed', 'greeting'];
  /** By type, what comes back when a value is taken. */
  const echoes = {
    echo_i32: (x) => (ArrayBuffer.isView(x) ? x.byteOffset : Number(x) | 0),
    echo_i64: (x) => BigInt.asIntN(64, x),
    echo_f32: (x) => Math.fround(x),
    echo_f64: (x) => x,
  };

  it('as arguments of a function', LIMIT, () => holds([fc.constantFrom(...functions), fc.array(value, { maxLength: 4 })],
    async (name, args) => {
      const result = await outcome(() => rt.call(name, ...args));
      if (result === undefined || args.length !== 1 || !echoes[name] || typeof args[0] === 'string') return;
      assert.ok(Object.is(result, echoes[name](args[0])), `${name} gave ${String(result)}`);
    }));

  it('as the name of a function', LIMIT, () => holds([value, fc.array(value, { maxLength: 2 })], async (name, args) => {
    await outcome(() => rt.call(name, ...args));
    await outcome(() => rt.callSync(name, ...args));
    await outcome(() => rt.start(name, ...args).promise);
  }));

  it('as arguments of a synchronous call and of a job', LIMIT, () => holds([fc.constantFrom(...functions), fc.array(value, { maxLength: 4 })],
    async (name, args) => {
      await outcome(() => rt.callSync(name, ...args));
      await outcome(() => rt.start(name, ...args).promise);
    }));

  it('as type, length, size, source and target of memory', LIMIT, () => holds(
    [fc.oneof(fc.constantFrom(...ARRAYS), value), fc.oneof(fc.nat(1000), value), value], async (Type, length, source) => {
      for (const array of [await outcome(() => rt.array(Type, length)), await outcome(() => rt.share(source))]) {
        if (array === undefined) continue;
        assert.equal(array.buffer, rt.memory.buffer);
        rt.free(array);
        assert.throws(() => rt.free(array), known);
      }
      const address = await outcome(() => rt.alloc(length));
      if (address !== undefined) rt.free(address);
      await outcome(() => rt.free(source));
      await outcome(() => rt.string(source));
    }));

  it('as options of calls', LIMIT, () => holds(
    [fc.record({ signal: value, timeoutMs: value, priority: value, label: value, onProgress: value }, { requiredKeys: [] }), value],
    async (record, whole) => {
      for (const given of [record, whole]) {
        const calls = await outcome(() => rt.with(given), { mayBeHostile: true });
        if (calls) await outcome(() => calls.call('nothing'), { mayBeHostile: true });
      }
    }));

  it('as arguments of a task and as range and task of a loop', LIMIT, () => holds([fc.array(value, { maxLength: 3 }), value, value],
    async (args, range, task) => {
      await outcome(() => tasks.echo(...args), { mayBeHostile: true });
      await outcome(() => rt.forEach(range, task, ...args), { mayBeHostile: true });
      await outcome(() => rt.forEach(3, task, ...args), { mayBeHostile: true });
      await outcome(() => rt.forEach([0, 2], tasks.echo, ...args), { mayBeHostile: true });
    }));

  it('as module of tasks', LIMIT, () => holds([value], async (source) => {
    if (source === rt || typeof source === 'string') return; // a path: there may be a file
    await outcome(() => rt.load(source), { mayBeHostile: true });
  }));

  it('as arguments of the algebra', LIMIT, () => holds([fc.constantFrom('sort', 'sum', 'min', 'max', 'mean', 'variance', 'scan', 'histogram', 'map', 'hash'), fc.array(value, { maxLength: 3 })],
    async (method, args) => {
      const result = await outcome(() => rt[method](...args), { mayBeHostile: true });
      if (ArrayBuffer.isView(result) && result.buffer === rt.memory.buffer) await outcome(() => rt.free(result));
    }));

  it('as options of the algebra and of hash', LIMIT, () => holds(
    [fc.constantFrom('variance', 'scan', 'histogram', 'hash'), fc.oneof(value, fc.record(Object.fromEntries(
      ['sample', 'exclusive', 'into', 'bins', 'min', 'max', 'encoding', 'signal', 'onProgress'].map((name) => [name, value])), { requiredKeys: [] }))],
    async (method, given) => {
      const array = rt.array(Float64Array, 16).fill(1);
      const result = await outcome(() => rt[method](array, given), { mayBeHostile: true });
      for (const part of [result, result?.counts]) {
        if (ArrayBuffer.isView(part) && part.buffer === rt.memory.buffer && part.byteOffset !== array.byteOffset) await outcome(() => rt.free(part));
      }
      rt.free(array);
    }));

  it('as what a job is cancelled with, what is copied, and a number of workers', LIMIT, () => holds([value], async (given) => {
    const entered = rt.array(Int32Array, 1);
    const job = rt.start('wait_until_cancelled', entered);
    job.cancel(given);
    const [reason] = await job.promise.then(() => assert.fail('it was cancelled'), (error) => [error]);
    if (given === undefined || given === null) assert.equal(reason.code, 'WEFT_ERR_CANCELLED');
    else assert.ok(Object.is(reason, given));
    await outcome(() => rt.copy(given), { mayBeHostile: true });
    if (typeof given !== 'number') await outcome(() => rt.resize(given), { mayBeHostile: true });
    assert.equal(rt.info.threads, 2);
    await until(() => rt.stats().calls.open === 0);
    rt.free(entered);
  }));

  it('as options of createRuntime, and of close', LIMIT, async () => {
    const names = ['threads', 'strict', 'memoryBytes', 'stackBytes', 'spinMs', 'startTimeoutMs', 'maxQueued', 'graceMs', 'idleTimeoutMs', 'waitAsync'];
    const record = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    await fc.assert(fc.asyncProperty(record, value, async (given, ending) => {
      const settings = made(given);
      if (typeof settings.threads === 'number' && settings.threads > 2) settings.threads = 2;
      const started = await outcome(() => createRuntime({ ...options, ...settings }), { mayBeHostile: true });
      if (!started) return;
      await outcome(() => started.call('nothing'));
      await outcome(() => started.close(made(ending)), { mayBeHostile: true });
      await started.close({ cancel: true });
      assert.equal(await outcome(() => started.call('nothing')), undefined);
    }), { numRuns: Math.ceil(RUNS / 2), endOnFailure: true });
  });

  it('as module of createRuntime, and its file', LIMIT, () => fc.assert(fc.asyncProperty(value, value, async (module, wasm) => {
    const given = made(module);
    await outcome(() => createRuntime({ ...options, threads: 1, module: given, wasm: made(wasm) }));
    await outcome(() => createRuntime({ ...options, threads: 1, module: () => given, wasm: modules.wasi }));
  }), { numRuns: RUNS, endOnFailure: true }));

  it('as counts, options and values of locks and channels', LIMIT, () => holds([value, value, value], async (a, b, c) => {
    const free = (object) => object?.free();
    for (const make of [() => rt.semaphore(a), () => rt.channel(a, b)]) {
      // Not so many that the memory is gone.
      if (typeof a === 'number' && a > 10_000) continue;
      free(await outcome(make, { mayBeHostile: true }));
    }
    const [mutex, permits, event] = [rt.mutex(), rt.semaphore(0), rt.event()];
    const channels = [rt.channel(2), rt.channel(2, { raw: true })];
    for (const options of [a, { signal: b, timeoutMs: 0 }, { signal: AbortSignal.timeout(1), timeoutMs: c }]) {
      const waits = [
        outcome(() => mutex.with(() => {}, options), { mayBeHostile: true }),
        outcome(() => permits.acquire(options), { mayBeHostile: true }),
        outcome(() => event.wait(options), { mayBeHostile: true }),
        outcome(() => channels[0].recv(options), { mayBeHostile: true }),
        outcome(() => channels[1].send(1, options), { mayBeHostile: true }),
      ];
      permits.release();
      event.set();
      channels[0].trySend(1);
      await Promise.all(waits);
      channels[0].tryRecv();
      channels[1].tryRecv();
      permits.tryAcquire();
      event.reset();
    }
    await outcome(() => permits.release(a));
    for (const channel of channels) {
      await outcome(() => channel.trySend(a), { mayBeHostile: true });
      await outcome(() => channel.send(b, { timeoutMs: 0 }), { mayBeHostile: true });
      await outcome(() => channel.tryRecv());
      channel.close();
      channel.free();
    }
    for (const object of [mutex, permits, event]) object.free();
  }));

  it('a getter that frees, sends, locks or closes meanwhile is no harm', LIMIT, async (t) => {
    const own = await createRuntime(options);
    t.after(() => own.close({ cancel: true }));
    const { echo } = await own.load(new URL('./fixtures/shared_tasks.js', import.meta.url));
    const code = (promise) => promise.then(() => undefined, (error) => error.code);
    const doing = (act) => ({
      get inner() {
        act();
        return 1;
      },
    });

    const xs = own.array(Float64Array, 8);
    assert.equal(await code(echo(xs, doing(() => own.free(xs)))), 'WEFT_ERR_STATE');
    assert.equal(await code(echo(doing(() => own.free(xs)), xs)), 'WEFT_ERR_POINTER');

    const channel = own.channel(8);
    await channel.send(doing(() => channel.trySend({ other: 'x'.repeat(2000) })));
    assert.deepEqual([await channel.recv(), await channel.recv()], [{ other: 'x'.repeat(2000) }, { inner: 1 }]);
    let nested;
    assert.deepEqual(await echo([1, doing(() => (nested = echo('inner')))]), [1, { inner: 1 }]);
    assert.equal(await nested, 'inner');
    assert.equal(await code(channel.send(doing(() => channel.close()))), 'WEFT_ERR_CLOSED');
    assert.equal(await code(channel.send(doing(() => channel.free()))), 'WEFT_ERR_POINTER');

    const mutex = own.mutex();
    assert.equal(await code(mutex.lock({ get signal() { return mutex.free(); } })), 'WEFT_ERR_POINTER');
    const event = own.event();
    const signal = Object.assign(new AbortController().signal, { addEventListener: () => event.free() });
    assert.equal(await code(event.wait({ signal, timeoutMs: 1 })), 'WEFT_ERR_TIMEOUT');

    let closed;
    const outcomes = [echo(doing(() => (closed = own.close()))), own.call('nothing')];
    assert.deepEqual(await Promise.all(outcomes.map(code)).then((codes) => codes.filter((one) => one !== undefined && one !== 'WEFT_ERR_CLOSED')), []);
    await closed;
    await Promise.all([own.close(), own.close({ cancel: true }), own.close().then(() => own.close())]);
    assert.equal(await code(event.wait()), 'WEFT_ERR_CLOSED');
    assert.equal(await code(echo(1)), 'WEFT_ERR_CLOSED');
  });

  it('an aborted signal ends a call before it begins, with its reason', LIMIT, () => holds([fc.oneof(fc.constant(undefined), value)], async (reason) => {
    const signal = AbortSignal.abort(reason);
    const rejected = async (use) => {
      try {
        await use();
      } catch (error) {
        return [error]; // not itself: it may have a then of its own
      }
      return assert.fail('it did not reject');
    };
    const event = rt.event();
    for (const use of [() => rt.with({ signal }).call('nothing'), () => event.wait({ signal })]) {
      assert.ok(Object.is((await rejected(use))[0], signal.reason));
    }
    event.free();
  }));
});
