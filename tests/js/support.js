// What the tests of js-glue share: the fixture modules of both flavours and how to open them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'node:test';
import { createRuntime } from '../../js-glue/src/index.js';

/** Every test has this limit: a call that hangs fails its test, not the run. */
export const LIMIT = { timeout: 180_000 };

const build = new URL(`${process.env.WEFT_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url))}/`, 'file:');
export const fixture = (flavour, name) => fileURLToPath(new URL(`${flavour}/fixtures/${name}`, build));

export const modules = {
  wasi: fixture('wasi', 'functions.wasm'),
  emscripten: fixture('emscripten', 'functions.js'),
};
export const noSharedMemory = fixture('wasi', 'no_shared_memory.wasm');
export const emscriptenWasm = fixture('emscripten', 'functions.wasm');

/** The flavours that must be there; without the variable those that are. */
const required = process.env.WEFT_TARGETS?.split(',') ?? [];

/** Why the tests of a flavour are left out, false if they are not. */
export function missing(flavour) {
  if (existsSync(modules[flavour]) || required.includes(flavour)) return false;
  return `${modules[flavour]} is not built`;
}

/** The same tests for each flavour. */
export function forEachFlavour(title, define) {
  for (const flavour of /** @type {const} */ (['wasi', 'emscripten'])) {
    describe(`${title} (${flavour})`, { skip: missing(flavour) }, () => define(flavour));
  }
}

/** A runtime on the fixture functions that is closed when the test ends. */
export async function open(t, flavour, options = {}) {
  const rt = await createRuntime({
    module: modules[flavour],
    threads: 2,
    memoryBytes: 64 * 1024 * 1024,
    startTimeoutMs: 60_000,
    ...options,
  });
  t.after(() => rt.close({ cancel: true }));
  return rt;
}

/** Matches a WeftError by code and message. */
export const weftError = (code, message) => ({ name: 'WeftError', code, message });

/** A number that C code waits for (wait_for), and the way to say it. */
export function flag(rt) {
  const word = rt.array(Int32Array, 1);
  return { word, raise: () => Atomics.store(word, 0, 1) };
}

/** Runs a module text in a Node of its own, with `createRuntime` and `module` defined. */
export function runScript(flavour, text, env = {}) {
  const index = new URL('../../js-glue/src/index.js', import.meta.url).href;
  const script = `import { createRuntime } from ${JSON.stringify(index)};
    const module = ${JSON.stringify(modules[flavour])};
    ${text}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '--eval', script],
      { env: { ...process.env, ...env }, timeout: 120_000 },
      (error, stdout, stderr) => resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

/** Resolves once `condition()` holds, looking again after each turn of the event loop. */
export async function until(condition) {
  const end = performance.now() + 100_000;
  while (!condition()) {
    assert.ok(performance.now() < end, `still not so after 100 s: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
