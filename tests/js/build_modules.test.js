// What the built modules must be like, read from their bytes.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import wabtReady from 'wabt';

const built = new URL('../../js-glue/wasm/', import.meta.url);
const wabt = await wabtReady();

const FLAVOURS = [
  { name: 'wasi', file: new URL('weft_kernels.wasm', built) },
  { name: 'emscripten', file: new URL('emscripten/weft_kernels.wasm', built) },
  { name: 'emscripten', file: new URL('emscripten-browser/weft_kernels.wasm', built) },
];

/** Without the variable every flavour must have been built. */
const targets = process.env.WEFT_TARGETS?.split(',');

/** wasm/ABI.md, "Exports". */
const EXPORTS = ['weft_js_layout', 'weft_js_start', 'weft_js_stop', 'weft_js_stopped',
  'weft_js_submit', 'weft_js_cancel', 'weft_js_stalled', 'weft_js_alloc',
  'weft_js_free', 'weft_worker_enter', 'weft_worker_recover', 'weft_worker_slot'];
const EXPORTS_WASI = ['weft_thread_failed', 'weft_main_may_sleep', 'wasi_thread_start',
  '__stack_pointer', '_initialize'];

/** wasm/ABI.md, "Imports". */
const IMPORTS_WASI = /^(env\.memory|wasi\.thread-spawn|wasi_snapshot_preview1\.\w+|weft\.(now|cpu_count|guard|invoke|body|signal))$/;

/** The text of a module's functions, without the one that runs at instantiation. */
function functionsOf(bytes) {
  const module = wabt.readWasm(bytes, {
    readDebugNames: true, threads: true, simd: true, bulk_memory: true, mutable_globals: true,
    sat_float_to_int: true, sign_extension: true,
  });
  module.applyNames();
  const text = module.toText({ foldExprs: false, inlineExport: false });
  module.destroy();
  const start = /^ {2}\(start ([^\s)]+)\)/m.exec(text)?.[1];
  return text.split(/\n(?= {2}\(func )/).slice(1)
    .filter((body) => start === undefined || nameOf(body) !== start);
}

/** `$name`, or the number of a function without one. */
function nameOf(body) {
  return /\(func (?:\(;(\d+);\)|(\S+))/.exec(body).slice(1).find((name) => name !== undefined);
}

/**
 * Node 20's baseline compiler forgets a live local at a wait instruction. The one function that
 * waits is written to have none; inlined elsewhere, or a second one, would bring the fault back.
 * (The linker's start function holds one more, for instances that race to initialise the data; it
 * has no locals, and the loaders make the first instance before any other. Emscripten's own libc
 * waits in emscripten_futex_wait, where the instruction comes out right.)
 */
function functionsThatWait(functions) {
  return functions.filter((text) => /memory\.atomic\.wait(32|64)/.test(text)).map(nameOf)
    .filter((name) => name !== '$emscripten_futex_wait');
}

test('the search finds wait instructions where they are', () => {
  const wait = (address) => `(drop (memory.atomic.wait32 (i32.const ${address}) (i32.const 0) (i64.const 0)))`;
  const module = wabt.parseWat('three.wat', `(module (memory 1 1 shared)
    (func $a ${wait(0)} ${wait(4)}) (func $b) (func $c ${wait(8)}) (func $d ${wait(12)})
    (start $d))`, { threads: true });
  const named = functionsOf(module.toBinary({ write_debug_names: true }).buffer);
  assert.deepEqual(functionsThatWait(named), ['$a', '$c']);
  const stripped = functionsOf(module.toBinary({}).buffer);
  assert.deepEqual(functionsThatWait(stripped), ['0', '2']);
  assert.equal(stripped.length, 3);
});

for (const { name, file } of FLAVOURS) {
  const label = file.pathname.slice(built.pathname.length);
  const skip = targets && !targets.includes(name) ? `${name} is left out` : false;

  test(`${label} waits in exactly one function`, { skip }, () => {
    const functions = functionsOf(readFileSync(file));
    assert.ok(functions.length > 50, `only ${functions.length} functions were found`);
    const waiting = functionsThatWait(functions);
    assert.equal(waiting.length, 1, `these wait: ${waiting.join(', ')}`);
  });

  test(`${label} exports what the host calls`, { skip }, () => {
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(file)))
      .map((entry) => entry.name);
    const wanted = name === 'wasi' ? [...EXPORTS, ...EXPORTS_WASI] : EXPORTS;
    assert.deepEqual(wanted.filter((entry) => !exported.includes(entry)), []);
    assert.ok(exported.includes('weft_sum_f64'), 'no kernel is exported');
  });
}

test('the wasi module imports nothing but what wasm/ABI.md lists', {
  skip: targets && !targets.includes('wasi') ? 'wasi is left out' : false,
}, () => {
  const module = new WebAssembly.Module(readFileSync(FLAVOURS[0].file));
  const imported = WebAssembly.Module.imports(module).map((entry) => `${entry.module}.${entry.name}`);
  assert.deepEqual(imported.filter((entry) => !IMPORTS_WASI.test(entry)), []);
});

test('the Emscripten module is taken for CommonJS by Node', {
  skip: targets && !targets.includes('emscripten') ? 'emscripten is left out' : false,
}, () => {
  const file = new URL('emscripten/package.json', built);
  assert.ok(existsSync(file));
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).type, 'commonjs');
});
