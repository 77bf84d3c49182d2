// Rules for the sources that no compiler checks.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const HOST_MACROS = /\b(__EMSCRIPTEN__|EMSCRIPTEN|__wasi__|__wasm__|__wasm32__|__linux__|__unix__|_WIN32|__APPLE__|__FreeBSD__)\b/;

/** Every C file and header below a folder, with its text. */
function sources(folder) {
  return readdirSync(new URL(folder, root), { recursive: true })
    .filter((name) => /\.[chs]$/.test(name))
    .map((name) => ({ name: `${folder}${name}`, text: readFileSync(new URL(folder + name, root), 'utf8') }));
}

/** `file:line` of every line that matches. */
function places(files, pattern) {
  return files.flatMap(({ name, text }) => text.split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${name}:${index + 1}: ${line.trim()}`] : [])));
}

test('the portable core asks for no host', () => {
  const files = sources('src/core/');
  assert.ok(files.length > 3);
  assert.deepEqual(places(files, HOST_MACROS), []);
});

test('the kernels ask for no host', () => {
  const files = sources('src/kernels/');
  assert.ok(files.length > 3);
  assert.deepEqual(places(files, HOST_MACROS), []);
});

test('the public headers include nothing of ours outside of themselves', () => {
  const files = sources('src/include/');
  assert.ok(files.length > 3);
  const included = places(files, /^\s*#\s*include\s*"/);
  assert.deepEqual(included, []);
});

test('weft.h includes every public header but that of the optional component for MPI', () => {
  const text = readFileSync(new URL('src/include/weft.h', root), 'utf8');
  const headers = readdirSync(new URL('src/include/weft/', root));
  assert.deepEqual(headers.filter((name) => !text.includes(`<weft/${name}>`)), ['mpi.h']);
});

test('all parts carry the same version', () => {
  const header = readFileSync(new URL('src/include/weft/base.h', root), 'utf8');
  const part = (name) => new RegExp(`WEFT_VERSION_${name} (\\d+)`).exec(header)[1];
  const version = `${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}`;
  const cmake = readFileSync(new URL('CMakeLists.txt', root), 'utf8');
  assert.equal(/project\(weft VERSION ([\d.]+)/.exec(cmake)[1], version);
  const glue = JSON.parse(readFileSync(new URL('js-glue/package.json', root), 'utf8'));
  assert.equal(glue.version, version);
});

test('the lock file names no registry and pins every package by its hash', () => {
  const file = new URL('package-lock.json', root);
  assert.ok(existsSync(file));
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  const installed = Object.entries(packages).filter(([name]) => name !== '');
  assert.ok(installed.length > 0);
  assert.deepEqual(installed.filter(([, entry]) => entry.resolved !== undefined).map(([name]) => name), []);
  assert.deepEqual(installed.filter(([, entry]) => !entry.integrity).map(([name]) => name), []);
});
