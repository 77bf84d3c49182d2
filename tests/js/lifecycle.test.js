import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createRuntime } from '../../js-glue/src/index.js';
import { cgroupQuota } from '../../js-glue/src/node.js';
import { LIMIT, emscriptenWasm, forEachFlavour, missing, modules, noSharedMemory, open, runScript, weftError } from './support.js';

const RANGES = [
  ['threads', [-1, 1.5, 1e9, 129, NaN, 'x', '2', null], /threads must be an integer from 0 to 128, got /],
  ['strict', [0, 'yes'], /strict must be/],
  ['memoryBytes', [0, -1, 2 ** 33, 1e5 + 0.5, '1'], /memoryBytes must be/],
  ['stackBytes', [0, 1000, 2 ** 40, '1'], /stackBytes must be/],
  ['spinMs', [-1, 1001, NaN, '1'], /spinMs must be/],
  ['startTimeoutMs', [0, -1, Infinity, '1'], /startTimeoutMs must be/],
  ['waitAsync', [1, 'yes'], /waitAsync must be/],
];
for (const [name, values, message] of RANGES) {
  it(`refuses ${name} out of range`, LIMIT, async () => {
    for (const value of values) {
      const options = /** @type {any} */ ({ module: modules.wasi, [name]: value });
      await assert.rejects(createRuntime(options), weftError('WEFT_ERR_INVALID', message));
    }
  });
}

it('refuses an option that does not exist', LIMIT, async () => {
  const options = /** @type {any} */ ({ module: modules.wasi, thread: 2 });
  await assert.rejects(createRuntime(options), weftError('WEFT_ERR_INVALID', /no option thread; there are module, wasm, threads,.*: did you mean threads\?/));
});

it('refuses options that are none', LIMIT, async () => {
  for (const options of [null, 5]) {
    await assert.rejects(createRuntime(/** @type {any} */ (options)), weftError('WEFT_ERR_INVALID', /options/));
  }
  for (const module of [null, 5, {}]) {
    await assert.rejects(createRuntime(/** @type {any} */ ({ module })), weftError('WEFT_ERR_INVALID', /module must be/));
  }
});

it('refuses a module that is not wasm, not there, damaged, or not a file', LIMIT, async () => {
  const good = readFileSync(modules.wasi);
  const refused = [
    [new Uint8Array(0), /not a WebAssembly module/],
    [new TextEncoder().encode('hello, world'), /not a WebAssembly module/],
    [import.meta.filename.replace('.test.js', '.nothing.wasm'), /cannot be read/],
    [new URL('./support.js', import.meta.url).pathname.replace('support.js', 'package.wasm'), /cannot be read/],
    [good.subarray(0, good.length / 2), /damaged|not built with weft|cannot compile/],
    [new URL('https://example.com/a.wasm'), /not a file/],
    [new URL('file:///nowhere/at/all.js'), /cannot be loaded/],
    [new URL('./support.js', import.meta.url), /cannot be loaded|exports no function/],
  ];
  for (const [module, message] of refused) {
    await assert.rejects(createRuntime(/** @type {any} */ ({ module })), weftError('WEFT_ERR_MODULE', message));
  }
});

it('refuses a module that is not built with weft, or has no shared memory', LIMIT, async () => {
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await assert.rejects(createRuntime({ module: empty }), weftError('WEFT_ERR_MODULE', /not built with weft/));
  await assert.rejects(createRuntime({ module: noSharedMemory }), weftError('WEFT_ERR_MODULE', /--shared-memory/));
});

it('refuses a module whose body is broken', LIMIT, async () => {
  const bytes = Uint8Array.from(readFileSync(modules.wasi));
  const code = codeSection(bytes);
  bytes.fill(0xff, code + 64, code + 128);
  await assert.rejects(createRuntime({ module: bytes, threads: 1 }), weftError('WEFT_ERR_MODULE', /cannot compile/));
});

it('takes bytes, a path and a URL', LIMIT, async () => {
  const bytes = readFileSync(modules.wasi);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  for (const module of [bytes, buffer, modules.wasi, pathToFileURL(modules.wasi), pathToFileURL(modules.wasi).href]) {
    const rt = await createRuntime({ module, threads: 1, memoryBytes: 64 * 1024 * 1024 });
    assert.equal(await rt.call('echo_i32', 3), 3);
    await rt.close();
  }
});

it('takes the function that an Emscripten script exports', { ...LIMIT, skip: missing('emscripten') }, async () => {
  const module = createRequire(import.meta.url)(modules.emscripten);
  await assert.rejects(createRuntime({ module }), weftError('WEFT_ERR_INVALID', /option wasm/));
  const rt = await createRuntime({ module, wasm: emscriptenWasm, threads: 1 });
  assert.equal(rt.info.flavour, 'emscripten');
  assert.equal(await rt.call('echo_i32', 3), 3);
  await rt.close();
});

it('reads quotas of control groups, the least along the path', () => {
  const files = (table) => (path) => table[path];
  assert.equal(cgroupQuota(files({})), Infinity);
  assert.equal(cgroupQuota(files({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' })), Infinity);
  assert.equal(cgroupQuota(files({
    '/proc/self/cgroup': '0::/a/b\n',
    '/sys/fs/cgroup/a/b/cpu.max': '400000 100000\n',
    '/sys/fs/cgroup/a/cpu.max': '150000 100000\n',
  })), 1.5);
  assert.equal(cgroupQuota(files({ '/proc/self/cgroup': '2:cpuset:/x\n1:name=systemd:/\n0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n' })), 0.5);
  assert.equal(cgroupQuota(files({
    '/proc/self/cgroup': '4:memory:/x\n3:cpu,cpuacct:/x\n',
    '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '50000\n',
    '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  })), 0.5);
});

forEachFlavour('lifecycle', (flavour) => {
  it('tells what runs and which rule decided', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const { threads, threadsFrom, memoryBytes, functions } = rt.info;
    assert.deepEqual({ threads, threadsFrom, flavour: rt.info.flavour }, { threads: 3, threadsFrom: 'option', flavour });
    assert.equal(memoryBytes, rt.memory.buffer.byteLength);
    assert.ok(functions.includes('sum_f64') && !functions.includes('weft_js_start'));
  });

  it('takes the number of threads from WEFT_THREADS, unless it is none', LIMIT, async () => {
    const text = 'const rt = await createRuntime({ module }); console.log(rt.info.threads, rt.info.threadsFrom);';
    assert.equal((await runScript(flavour, text, { WEFT_THREADS: '3' })).stdout, '3 WEFT_THREADS\n');
    for (const value of ['0', 'x', '1e9', '-1', '']) {
      assert.match((await runScript(flavour, text, { WEFT_THREADS: value })).stdout, /^\d+ (availableParallelism|cgroup)\n$/);
    }
  });

  it('is closed after close, and closing twice is the same as once', LIMIT, async (t) => {
    const rt = await open(t, flavour);
    const xs = rt.array(Float64Array, 10);
    await Promise.all([rt.close(), rt.close(), rt.close({ cancel: true })]);
    await rt.close();
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_CLOSED', /closed/));
    for (const use of [() => rt.array(Int8Array, 1), () => rt.alloc(1), () => rt.free(xs), () => rt.share(xs), () => rt.string(8)]) {
      assert.throws(use, weftError('WEFT_ERR_CLOSED', /closed/));
    }
    assert.equal(xs[9], 0); // the memory lives as long as somebody holds it
  });

  it('closes at the end of an `await using` block', { ...LIMIT, skip: !Symbol.asyncDispose }, async (t) => {
    const rt = await open(t, flavour);
    await rt[Symbol.asyncDispose]();
    await assert.rejects(rt.call('nothing'), weftError('WEFT_ERR_CLOSED', /closed/));
  });

  it('starts threads in workers that are still booting, and in workers that have long been up', LIMIT, async () => {
    const result = await runScript(flavour, `
      const { Module } = WebAssembly;
      let ms = 0;
      WebAssembly.Module = class extends Module {
        constructor(bytes) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
          super(bytes);
        }
      };
      for (ms of [0, 0, 400]) { // the first has the package's own modules to import meanwhile
        const rt = await createRuntime({ module, threads: 3 });
        console.log(await rt.call('echo_i32', ms));
        await rt.close();
      }`);
    assert.deepEqual(result, { code: 0, stdout: '0\n0\n400\n', stderr: '' });
  });

  it('an idle runtime does not keep the process alive', LIMIT, async () => {
    const result = await runScript(flavour, `
      const rt = await createRuntime({ module });
      await rt.call('nothing');
      console.log('done');`);
    assert.deepEqual(result, { code: 0, stdout: 'done\n', stderr: '' });
  });

  it('an idle runtime does not wake up', { ...LIMIT, skip: process.platform !== 'linux' }, async () => {
    const { code, stdout, stderr } = await runScript(flavour, `
      const { readFileSync, readdirSync } = await import('node:fs');
      const rt = await createRuntime({ module });
      const xs = rt.array(Float64Array, 10_000);
      for (let i = 0; i < 100; i++) await rt.call('sum_f64', xs, xs.length);
      const wakeUps = () => readdirSync('/proc/self/task').reduce((sum, task) => sum +
        Number(/^voluntary_ctxt_switches:\\s+(\\d+)/m.exec(readFileSync('/proc/self/task/' + task + '/status', 'utf8'))[1]), 0);
      let least = Infinity; // V8 has threads of its own, which tidy up now and then
      for (let i = 0; i < 10 && least > 2; i++) {
        const before = wakeUps();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        least = Math.min(least, wakeUps() - before);
      }
      console.log(least <= 2 ? 'asleep' : least + ' wake-ups in 500 ms'); // one is that of the wait here
      await rt.close();`);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'asleep\n', stderr: '' });
  });

  for (const waitAsync of [true, false]) {
    it(`a pending call keeps the process alive (waitAsync ${waitAsync})`, LIMIT, async () => {
      const result = await runScript(flavour, `
        const rt = await createRuntime({ module, threads: 2, waitAsync: ${waitAsync} });
        const word = rt.array(Int32Array, 1);
        rt.call('wait_for', word).then(() => console.log('work is done'));
        setTimeout(() => Atomics.store(word, 0, 1), 600).unref();`);
      assert.deepEqual(result, { code: 0, stdout: 'work is done\n', stderr: '' });
    });
  }

  it('the process exits by itself after close, and an unhandled failure is told', LIMIT, async () => {
    const closed = await runScript(flavour, `
      const rt = await createRuntime({ module });
      rt.call('print_line', 'from C');
      await rt.close();
      console.log('closed');`);
    assert.deepEqual(closed, { code: 0, stdout: 'from C\nclosed\n', stderr: '' });
    const failed = await runScript(flavour, `
      const rt = await createRuntime({ module });
      await rt.call('trap_unreachable');`);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /WEFT_ERR_TRAP/);
    assert.match(failed.stderr, /RuntimeError\]?: unreachable[^]*trap_unreachable/);
  });

  it('starts and closes many runtimes one after the other, and several at once', LIMIT, async () => {
    const cycle = async () => {
      const rt = await createRuntime({ module: modules[flavour], threads: 2, memoryBytes: 64 * 1024 * 1024 });
      assert.equal(await rt.call('echo_i32', 9), 9);
      await rt.close();
    };
    for (let i = 0; i < 8; i++) await cycle();
    await Promise.all([cycle(), cycle(), cycle(), cycle()]);
  });
});

/** Where the code section's contents start. @param {Uint8Array} bytes */
function codeSection(bytes) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (id === 10) return at;
    at += size;
  }
  throw new Error('no code section');
}
