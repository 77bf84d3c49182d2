import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { WeftError } from '../../js-glue/src/errors.js';
import { STATUS, codeOf } from '../../js-glue/src/status.js';
import * as index from '../../js-glue/src/index.js';
import * as layout from '../../js-glue/src/layout.js';
import { readImports } from '../../js-glue/src/program/limits.js';
import { isCallable, readSignatures } from '../../js-glue/src/signature.js';
import { isWasm } from '../../js-glue/src/signature-rare.js';
import { makeWorker, workerFile } from '../../js-glue/make_worker.js';
import { LIMIT, emscriptenWasm, forEachFlavour, modules, open } from './support.js';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('the public names are these', () => {
  assert.deepEqual(Object.keys(index).sort(), ['WeftError', 'createRuntime']);
});

it('the codes and numbers of errors are those of status.h', () => {
  const inC = [...read('src/include/weft/status.h').matchAll(/^ {4}(WEFT_\w+) = (\d+),/gm)];
  assert.ok(inC.length > 10);
  assert.deepEqual(STATUS, Object.fromEntries(inC.map(([, name, number]) => [name, Number(number)])));
  assert.equal(codeOf(0), undefined);
  assert.equal(codeOf(4711), undefined);
  assert.equal(new WeftError('WEFT_ERR_TRAP', 'x').code, codeOf(STATUS.WEFT_ERR_TRAP));
});

it('layout.js has the words, fields and offsets of ABI.md', () => {
  const abi = read('wasm/ABI.md');
  const words = [...abi.slice(0, abi.indexOf('| byte |')).matchAll(/^\| (\d+) \| `([A-Z_]+)` \| (?:C|JS)/gm)];
  assert.deepEqual(layout.Word, Object.fromEntries(words.map(([, at, name]) => [name, Number(at)])));
  const fields = [...abi.slice(abi.indexOf('| byte |')).matchAll(/^\| (\d+) \| `([A-Z_]+)` \|/gm)];
  assert.deepEqual(layout.Slot, Object.fromEntries(fields.map(([, at, name]) => [name, Number(at)])));
});

it('layout.js has the offsets that js_abi.c asserts', () => {
  const source = read('src/platform/js_abi.c');
  const asserted = (struct) => Object.fromEntries(
    [...source.matchAll(new RegExp(`offsetof\\(struct ${struct}, (?:job\\.)?(\\w+)\\) == (4 \\* )?(\\d+)\\)`, 'g'))]
      .map(([, name, , at]) => [name.toUpperCase(), Number(at)]));
  const slot = asserted('slot');
  assert.deepEqual(slot, layout.Slot);
  for (const [name, at] of Object.entries(asserted('words'))) {
    assert.equal(at, /** @type {any} */ (layout.Word)[name], name);
  }
  assert.match(source, new RegExp(`sizeof\\(struct slot\\) == ${layout.SLOT_BYTES}\\)`));
});

it('guard.js has the numbers of layout.js and errors.js', () => {
  const source = read('js-glue/src/guard.js');
  const constant = (name) => Number(new RegExp(`const ${name} = (\\d+);`).exec(source)?.[1]);
  for (const name of ['NAMES', 'NAMES_BYTES', 'MODULES']) {
    assert.equal(constant(`WORD_${name}`), /** @type {any} */ (layout.Word)[name]);
  }
  for (const name of ['FUNCTION', 'ERROR', 'ERROR_BYTES', 'RESULT', 'ARGUMENTS']) {
    assert.equal(constant(`SLOT_${name}`), /** @type {any} */ (layout.Slot)[name]);
  }
  for (const name of ['TRAP', 'STACK', 'CANCELLED']) {
    assert.equal(constant(`ERR_${name}`), /** @type {any} */ (STATUS)[`WEFT_ERR_${name}`]);
  }
});

it('the scripts of Node workers are up to date with their modules', () => {
  for (const [name, text] of Object.entries(makeWorker())) {
    assert.equal(readFileSync(workerFile(name), 'utf8'), text, 'run: node js-glue/make_worker.js');
  }
});

forEachFlavour('contract', (flavour) => {
  it('the shared words hold what ABI.md says', LIMIT, async (t) => {
    const rt = await open(t, flavour, { threads: 3 });
    const words = new Uint32Array(rt.memory.buffer);
    const { MAGIC, VERSION, SLOTS, SLOT_COUNT, SLOT_BYTES, NAMES, NAMES_BYTES, WORKERS } = layout.Word;
    const at = words.findIndex((word, index) => word === layout.MAGIC_VALUE && words[index + VERSION] === layout.ABI_VERSION);
    assert.ok(at > 0);
    assert.equal(words[at + MAGIC], layout.MAGIC_VALUE);
    assert.equal(words[at + SLOT_COUNT], layout.SLOT_COUNT);
    assert.equal(words[at + SLOT_BYTES], layout.SLOT_BYTES);
    assert.equal(words[at + WORKERS], 3);
    assert.ok(words[at + SLOTS] > 0 && words[at + SLOTS] % 64 === 0);
    const names = new Uint8Array(rt.memory.buffer).slice(words[at + NAMES], words[at + NAMES] + words[at + NAMES_BYTES]);
    assert.ok(new TextDecoder().decode(names).split('\n').includes('mixed:iIfF>F'));
  });

  it('reads the types of every export', () => {
    const { functions, memory } = readSignatures(readFileSync(flavour === 'wasi' ? modules.wasi : emscriptenWasm));
    assert.deepEqual(functions.get('mixed'), { params: 'iIfF', results: 'F' });
    assert.deepEqual(functions.get('nothing'), { params: '', results: '' });
    assert.deepEqual(functions.get('weft_js_start'), { params: 'iiF', results: 'i' });
    assert.equal(isCallable(/** @type {any} */ (functions.get('seventeen'))), false);
    assert.ok(memory?.imported && memory.shared && memory.minimum > 0);
  });
});

it('reads a module of every kind of import, and stops at a damaged one', () => {
  const section = (id, ...bytes) => [id, bytes.length, ...bytes];
  const text = (value) => [value.length, ...Buffer.from(value)];
  const bytes = Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(0, ...text('note'), 1, 2, 3),
    ...section(1, 2, 0x60, 2, 0x7f, 0x7b, 1, 0x7e, 0x60, 0, 2, 0x7d, 0x7c),
    ...section(2, 4, ...text('a'), ...text('f'), 0, 1, ...text('a'), ...text('t'), 1, 0x70, 1, 1, 2,
      ...text('a'), ...text('g'), 3, 0x7f, 0, ...text('a'), ...text('m'), 2, 3, 0x90, 1, 0x80, 0x80, 4),
    ...section(3, 1, 0),
    ...section(7, 3, ...text('f'), 0, 0, ...text('own'), 0, 1, ...text('m'), 2, 0),
  ]);
  assert.ok(isWasm(bytes));
  const { functions, memory } = readSignatures(bytes);
  const quick = readImports(bytes);
  assert.deepEqual(quick.imports.map(({ module, name }) => `${module}.${name}`), ['a.f', 'a.t', 'a.g', 'a.m']);
  assert.deepEqual({ ...quick.memory, imported: true }, memory);
  assert.deepEqual([...functions], [['f', { params: '', results: 'fF' }], ['own', { params: 'i?', results: 'I' }]]);
  assert.deepEqual(memory, { shared: true, minimum: 144 * 65536, maximum: 65536 * 65536, imported: true });
  assert.ok([...functions.values()].every((type) => !isCallable(type)));
  for (let end = 9; end < bytes.length; end++) {
    const cut = bytes.subarray(0, end);
    try {
      readSignatures(cut); // a cut between two sections is a shorter module
    } catch (error) {
      assert.ok(error instanceof RangeError, `cut at ${end}: ${error}`);
    }
  }
});

it('layout.js has the words of shared objects that js_shared.c asserts', () => {
  const source = read('src/platform/js_shared.c');
  const asserted = (struct) => Object.fromEntries(
    [...source.matchAll(new RegExp(`offsetof\\(struct ${struct}, (\\w+)\\) == (\\d+)\\)`, 'g'))]
      .map(([, name, at]) => [name.toUpperCase(), Number(at) / 4]));
  assert.deepEqual(asserted('shared'), layout.Shared);
  assert.deepEqual(asserted('turn'), layout.Turn);
  assert.match(source, new RegExp(`sizeof\\(struct turn\\) == ${4 * layout.TURN_WORDS}\\)`));
  const channel = [...read('src/core/channel.c').matchAll(/offsetof\(struct weft_channel, (\w+)\) == (\d+)\)/g)];
  assert.deepEqual(Object.fromEntries(channel.map(([, name, at]) => [name.toUpperCase(), Number(at) / 4])), layout.ChannelWord);
  const bits = (file, name) => Number(new RegExp(`#define ${name}\\s+(\\w+)u\\b`).exec(read(file))?.[1]);
  assert.deepEqual({ ...layout.Bits }, {
    MUTEX_HELD: bits('src/include/weft/lock.h', 'WEFT__MUTEX_HELD'),
    SEMAPHORE_COUNT: bits('src/core/semaphore.c', 'COUNT'),
    EVENT_SET: bits('src/core/event.c', 'SET'),
  });
});
