// What wasm/stack_check.mjs makes of a module: which functions it checks, and that they trap.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import wabt from 'wabt';
import { addStackChecks } from '../../wasm/stack_check.mjs';
import { LIMIT, emscriptenWasm, fixture, missing, modules } from './support.js';

const { parseWat } = await wabt();

/** A function that lowers the stack pointer by `bytes`, does something, and raises it again. */
const frame = (name, bytes, body) => `
  (func $${name} (export "${name}") (local i32)
    global.get $sp  i32.const ${bytes}  i32.sub  local.tee 0  global.set $sp
    ${body}
    local.get 0  i32.const ${bytes}  i32.add  global.set $sp)`;

/** The instance of a module on weft's terms, with 64 KiB of stack, and what was added to it. */
function instantiate(functions, options = {}) {
  const text = `(module (import "test" "call" (func $call)) (memory 2) (global $sp (mut i32) (i32.const 65536))
    (global $limit (mut i32) (i32.const 0)) (table 1 funcref)
    (func (export "weft_thread_pointer") (result i32) global.get $sp)
    (func (export "weft_thread_limit") (result i32) global.get $limit)
    (func (export "weft_thread_checked") (result i32) i32.const 0) ${functions})`;
  const { bytes, checks } = addStackChecks(parseWat('test.wat', text).toBinary(options).buffer);
  assert.ok(WebAssembly.validate(bytes));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { test: { call: () => {} } });
  return { checks, bytes, .../** @type {any} */ (exports) };
}

const OVERRUN = { name: 'RuntimeError', message: 'unreachable' };

describe('stack checks', () => {
  it('end a recursion before it leaves its stack', () => {
    const { checks, recurse, weft_thread_pointer: pointer, weft_thread_limit: limit, weft_thread_checked: checked } =
      instantiate(frame('recurse', 48, 'call $recurse'));
    assert.deepEqual([checks, checked()], [1, 1]);
    assert.throws(() => recurse(), OVERRUN);
    assert.ok(pointer() < limit() && pointer() >= limit() - 48, `${pointer()} ${limit()}`);
  });

  it('are in no small function that calls nothing unknown', () => {
    assert.equal(instantiate(frame('leaf', 400, '') + frame('above', 400, 'call $leaf')).checks, 0);
  });

  for (const [what, functions] of [
    ['a frame as large as the reserve', frame('f', 1024, '')],
    ['a frame too large for the rest of the reserve', frame('leaf', 500, '') + frame('f', 500, 'call $leaf')],
    ['a call through a pointer', frame('f', 16, 'i32.const 0  call_indirect')],
    ['a call to the host', frame('f', 16, 'call $call')],
    ['a recursion through a function without a frame', `${frame('f', 16, 'call $bare')} (func $bare call $f)`],
    ['a call through a pointer in a function without a frame', `${frame('f', 16, 'call $bare')} (func $bare i32.const 0  call_indirect)`],
    ['an array of variable length', `(func (export "f") (param i32) (local i32)
      global.get $sp  local.get 0  i32.sub  local.tee 1  global.set $sp)`],
    ['code that was not optimised', `(func (export "f") (local i32 i32)
      global.get $sp  i32.const 16  local.set 0  local.get 0  i32.sub  local.set 1  local.get 1  global.set $sp)`],
  ]) {
    it(`are in ${what}`, () => {
      assert.equal(instantiate(functions).checks, 1);
    });
  }

  it('find a frame that passes the begin of the address space, and one of 2 GiB', () => {
    for (const bytes of [1024, 66_000, 70_000, 0x7fffffff]) {
      const { f } = instantiate(`(func $deep (export "f") (local i32)
        i32.const 2100  global.set $sp
        global.get $sp  i32.const ${bytes}  i32.sub  local.tee 0  global.set $sp
        local.get 0  i32.const 1  i32.store)`);
      assert.throws(() => f(), OVERRUN, String(bytes));
    }
  });

  it('leave the same numbers in fewer bytes where the linker has left zeros', () => {
    const values = [0, 1, 63, 64, 127, 128, 8191, 8192, 0x7fffffff, -1, -64, -65, -8192, -8193, -0x80000000];
    const functions = values.map((value, index) => `(func $f${index} i32.const ${value} global.set $limit)
      (func (export "f${index}") (result i32) call $f${index} global.get $limit)`).join('') + frame('recurse', 48, 'call $recurse');
    const made = instantiate(functions, { canonicalize_lebs: false, write_debug_names: true });
    const plain = instantiate(functions, { canonicalize_lebs: true, write_debug_names: true });
    values.forEach((value, index) => assert.equal(made[`f${index}`](), value));
    assert.equal(made.checks, 1);
    assert.ok(made.bytes.length < plain.bytes.length + 100, `${made.bytes.length} ${plain.bytes.length}`); // heads of sections and types stay
    assert.ok(Buffer.from(made.bytes).includes('recurse'));
    made.f7(); // a limit
    assert.throws(() => made.recurse(), OVERRUN);
  });

  it('are added once', () => {
    const { bytes } = instantiate(frame('recurse', 48, 'call $recurse'));
    assert.deepEqual(addStackChecks(bytes), { bytes, checks: 0 });
  });

  it('are refused, with a reason, where they cannot be', () => {
    const empty = parseWat('test.wat', '(module)').toBinary({}).buffer;
    assert.throws(() => addStackChecks(empty), /exports no weft_thread_pointer/);
    assert.throws(() => addStackChecks(Uint8Array.of(...empty, 0, 12, 11, ...Buffer.from('.debug_line'))), /line numbers/);
    const { bytes } = instantiate(frame('recurse', 48, 'call $recurse'));
    for (let length = 9; length < bytes.length; length++) {
      assert.throws(() => addStackChecks(bytes.subarray(0, length)), /cut short|exports no|weft_thread/, String(length));
    }
  });

  for (const [flavour, file] of [['wasi', modules.wasi], ['wasi', fixture('wasi', 'own_kernels.wasm')], ['emscripten', emscriptenWasm]]) {
    it(`are in ${file.replace(/.*[/\\]/, '')} (${flavour})`, { ...LIMIT, skip: missing(flavour) }, () => {
      assert.equal(addStackChecks(readFileSync(file)).checks, 0);
      assert.ok(WebAssembly.validate(readFileSync(file)));
    });
  }
});
