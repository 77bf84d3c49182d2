import assert from 'node:assert/strict';
import { it } from 'node:test';
import vm from 'node:vm';
import { Decoder } from '../../js-glue/src/wire-decoder.js';
import { Encoder } from '../../js-glue/src/wire-encoder.js';
import { WeftError } from '../../js-glue/src/errors.js';
import { LIMIT, weftError } from './support.js';

const memory = new SharedArrayBuffer(4096);

/** @param {unknown} value */
function travel(value, hold = undefined, open = (handle) => handle) {
  const bytes = new Encoder(memory, hold).encode(value, 'it').slice();
  return new Decoder(memory, open).decode(0, new DataView(bytes.buffer));
}

const PLAIN = {
  'undefined and null': [undefined, null],
  booleans: [true, false],
  numbers: [0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 0.5, NaN, Infinity, -Infinity, 5e-324],
  BigInts: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 200n)],
  strings: ['', 'plain', 'Größe', '€ 🧵', '\0', '\ud800 alone', 'a'.repeat(100_000), 'ж'.repeat(10_000), 'é'.repeat(30_000), '\ufeffж'.repeat(100), `${'ж'.repeat(9000)}\udc00`, '\ufeff'],
  dates: [new Date(0), new Date(1e12)],
  'regular expressions': [/a\/b/giu, /(?:)/],
  arrays: [[], [1, [2, [3, []]]], Array.from({ length: 5000 }, (_, i) => i / 2), [undefined, null]],
  'arrays with holes or names': [[, 1, , 2], Object.assign([1, 2], { extra: 3 }), new Array(5)],
  objects: [{}, { a: 1, 'b c': { d: [undefined] }, 7: 'seven' }, JSON.parse('{"__proto__": 1, "constructor": 2}')],
  'objects without prototype': [Object.assign(Object.create(null), { a: 1 })],
  'maps and sets': [new Map([[1, 'one'], [{ key: true }, new Set([1, 'x', new Map()])]]), new Set()],
  buffers: [new ArrayBuffer(0), Uint8Array.of(1, 2, 3).buffer],
  'typed arrays': [new Int8Array(0), Uint8ClampedArray.of(1, 255), Float64Array.of(1.5, NaN, -0), BigInt64Array.of(-1n),
    new Uint16Array(Uint16Array.of(1, 2, 3, 4).buffer, 2, 2), new DataView(Uint8Array.of(9, 8, 7).buffer, 1)],
};
for (const [what, values] of Object.entries(PLAIN)) {
  it(`${what} arrive as they were, as by structuredClone`, LIMIT, () => {
    for (const value of values) {
      assert.deepStrictEqual(travel(value), what.includes('prototype') ? value : structuredClone(value));
    }
  });
}

it('minus zero and dates that are none stay what they are', LIMIT, () => {
  assert.ok(Object.is(travel(-0), -0));
  assert.ok(Number.isNaN(travel(new Date(NaN)).getTime()));
});

it('repeated references and cycles stay what they are', LIMIT, () => {
  const shared = { name: 'shared' };
  const value = { a: shared, b: [shared], map: new Map(), bytes: Uint8Array.of(1) };
  value.map.set(value, value.bytes);
  value.self = value;
  const copy = travel(value);
  assert.equal(copy.self, copy);
  assert.equal(copy.a, copy.b[0]);
  assert.equal(copy.map.get(copy), copy.bytes);
  const error = new Error('its own cause');
  error.cause = error;
  const arrived = travel(error);
  assert.equal(arrived.cause, arrived);
});

it('typed arrays on the memory arrive as views, others as copies', LIMIT, () => {
  const view = new Float32Array(memory, 64, 8);
  const held = [];
  const copy = travel({ view, all: memory, data: new DataView(memory, 8, 4) }, (object, where) => held.push([object, where]));
  assert.equal(copy.view.buffer, memory);
  assert.deepEqual([copy.view.byteOffset, copy.view.length, copy.view.constructor], [64, 8, Float32Array]);
  assert.equal(copy.all, memory);
  assert.deepEqual([copy.data.byteOffset, copy.data.byteLength], [8, 4]);
  assert.deepEqual(held.map(([, where]) => where), ['it.view', 'it.data']);
  const own = Buffer.from('text');
  const arrived = travel(own);
  assert.equal(arrived.constructor, Uint8Array);
  assert.deepEqual([...arrived], [...own]);
  assert.equal(arrived.buffer.byteLength, 4); // not the pool that Node cuts buffers from
});

it('errors keep class, message, stack, cause and what was added to them', LIMIT, () => {
  const error = Object.assign(new RangeError('too far', { cause: new TypeError('inner', { cause: 7n }) }), { code: 'E_FAR', at: [1] });
  const copy = travel(error);
  assert.ok(copy instanceof RangeError && copy.cause instanceof TypeError);
  assert.deepEqual([copy.message, copy.stack, copy.code, copy.at, copy.cause.cause], ['too far', error.stack, 'E_FAR', [1], 7n]);
  assert.deepEqual(Object.keys(copy), ['code', 'at']);
  class Special extends Error {
    name = 'Special';
  }
  assert.equal(travel(new Special('x')).name, 'Special');
  assert.deepEqual(travel(new AggregateError([new Error('a')], 'many')).errors[0].message, 'a');
  const ours = travel(new WeftError('WEFT_ERR_LIMIT', 'full'));
  assert.ok(ours instanceof WeftError);
  assert.equal(ours.code, 'WEFT_ERR_LIMIT');
});

it('values of another realm count as what they are', LIMIT, () => {
  const value = vm.runInNewContext('({ list: [1], map: new Map([[1, 2]]), date: new Date(5), error: new TypeError("x"), bytes: new Uint8Array([3]) })');
  const copy = travel(value);
  assert.deepEqual([copy.list, [...copy.map], copy.date.getTime(), copy.error.message, [...copy.bytes]], [[1], [[1, 2]], 5, 'x', [3]]);
});

it('shared objects arrive as what `open` makes of their handles', LIMIT, () => {
  class Shared {
    weftHandle() {
      return { kind: 3, address: 640 };
    }
  }
  const object = new Shared();
  const [a, b] = travel([object, object], undefined, (handle) => ({ opened: handle }));
  assert.deepEqual(a, { opened: { kind: 3, address: 640 } });
  assert.equal(a, b);
});

class Point {
  x = 1;
}
const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });
let deep = [];
for (let i = 0; i < 100_000; i++) deep = [deep];
const REFUSED = [
  ['a function', () => {}, /^it is a function: only plain data/],
  ['a symbol', Symbol('x'), /^it is a symbol/],
  ['a nested function', { list: [0, { 'on click': () => {} }] }, /^it\.list\[1\]\["on click"\] is a function/],
  ['a function in a map', new Map([['key', () => {}]]), /^it\.key is a function/],
  ['an instance of a class', { p: new Point() }, /^it\.p is an instance of Point/],
  ['a promise', Promise.resolve(), /^it is an instance of Promise/],
  ['a WeakMap', new WeakMap(), /^it is an instance of WeakMap/],
  ['a foreign SharedArrayBuffer', new SharedArrayBuffer(8), /^it is a SharedArrayBuffer of its own/],
  ['a view of one', [new Int8Array(new SharedArrayBuffer(8))], /^it\[0\] is a view of a SharedArrayBuffer .*rt\.share/],
  ['a detached array', { detached }, /^it\.detached is detached/],
  ['a detached buffer', detached.buffer, /^it is detached/],
  ['what is nested too deeply', deep, /^it is nested more than 1000 levels deep/],
];
for (const [what, value, message] of REFUSED) {
  it(`refuses ${what} and says where it is`, LIMIT, () => {
    const encoder = new Encoder(memory);
    assert.throws(() => encoder.encode(value, 'it'), weftError('WEFT_ERR_INVALID', /** @type {RegExp} */ (message)));
    assert.deepEqual([...encoder.encode(true, 'it')].length, 1); // and works on
  });
}

it('lets through what a getter throws', LIMIT, () => {
  assert.throws(() => travel({ get x() { throw new Error('from the getter'); } }), /from the getter/);
});

it('a random tree of values survives the way there and back', LIMIT, () => {
  let state = 12345;
  const random = (n) => (state = (state * 1103515245 + 12345) >>> 0) % n;
  const make = (depth) => {
    const kind = random(depth > 5 ? 8 : 12);
    if (kind < 2) return random(1e9) - 5e8;
    if (kind < 4) return random(1e9) / 7;
    if (kind === 4) return String.fromCharCode(...Array.from({ length: random(20) }, () => random(0x3000)));
    if (kind === 5) return BigInt(random(1e9)) ** BigInt(1 + random(5)) * (random(2) ? 1n : -1n);
    if (kind === 6) return [undefined, null, true, false][random(4)];
    if (kind === 7) return Float32Array.from({ length: random(9) }, () => random(100));
    const items = Array.from({ length: random(6) }, () => make(depth + 1));
    if (kind === 8) return new Map(items.map((item, i) => [random(2) ? i : `k${i}`, item]));
    if (kind === 9) return new Set(items);
    return kind === 10 ? items : Object.fromEntries(items.map((item, i) => [`k${i}`, item]));
  };
  for (let i = 0; i < 3000; i++) {
    const value = make(0);
    assert.deepStrictEqual(travel(value), value);
  }
});
