import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LIMIT, fixture, forEachFlavour, open, until, weftError } from './support.js';

/** The input of BLAKE3's official test vectors. */
function officialInput(bytes) {
  const input = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) input[i] = i % 251;
  return input;
}

/** Digests of it: those up to 102400 are in the official vectors, all of them are b3sum's. */
const DIGESTS = {
  0: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
  1: '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213',
  1023: '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11',
  1024: '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7',
  1025: 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444',
  8193: 'bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b',
  102400: 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085',
  5000001: 'f64c8ef65563cff7e1f2659717bf57b177401918900fe83d4f30f9540970a7ba',
};
const LONG = 5_000_001; // several pieces of 2 MiB
const long = officialInput(LONG);

const folder = mkdtempSync(path.join(os.tmpdir(), 'weft-hash-'));
after(() => rmSync(folder, { recursive: true }));
const longFile = path.join(folder, 'long');
writeFileSync(longFile, long);

/** Pieces of the given lengths in turn, until `input` is used up. */
function* cut(input, lengths) {
  for (let at = 0, i = 0; at < input.length; i++) {
    const length = lengths[i % lengths.length];
    yield input.subarray(at, at + length);
    at += length;
  }
}

const openKernels = (t, flavour, options = {}) =>
  open(t, flavour, { module: fixture(flavour, flavour === 'wasi' ? 'own_kernels.wasm' : 'own_kernels.js'), ...options });

forEachFlavour('hash', (flavour) => {
  it('gives the official digests, whatever holds the bytes', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    for (const [length, digest] of Object.entries(DIGESTS)) {
      const input = officialInput(Number(length));
      assert.equal(await rt.hash(input), digest);
      assert.equal(await rt.hash(input.buffer), digest);
      assert.equal(await rt.hash(new DataView(input.buffer)), digest);
      assert.equal(await rt.hash(Buffer.from(input)), digest);
      assert.equal(await rt.hash(rt.share(input)), digest);
      assert.equal(await rt.hash(new Blob([input])), digest);
      assert.equal(await rt.hash([input]), digest);
      const bytes = await rt.hash(input, { encoding: 'bytes' });
      assert.equal(Buffer.from(bytes).toString('hex'), digest);
      assert.ok(bytes.buffer instanceof ArrayBuffer);
    }
  });

  it('hashes text as UTF-8', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    assert.equal(await rt.hash(''), DIGESTS[0]);
    assert.equal(await rt.hash('Größe 🧵\0'), await rt.hash(Buffer.from('Größe 🧵\0')));
  });

  it('hashes streams of pieces of any length', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const cuts = [[LONG], [65536], [1, 0, 1023, 300_000, 7], [2 ** 21], [2 ** 21 - 1, 1], [3_000_000]];
    for (const lengths of cuts) {
      async function* pieces() {
        yield* cut(long, lengths);
      }
      assert.equal(await rt.hash(pieces()), DIGESTS[LONG]);
      const stream = new ReadableStream({
        start(controller) {
          for (const piece of cut(long, lengths)) controller.enqueue(piece);
          controller.close();
        },
      });
      assert.equal(await rt.hash(stream), DIGESTS[LONG]);
    }
    assert.equal(await rt.hash(['ab', Buffer.from('c'), new Uint8Array([100]).buffer]), await rt.hash('abcd'));
    assert.equal(await rt.hash([]), DIGESTS[0]);
  });

  it('hashes files by path, URL and Node stream', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    assert.equal(await rt.hash({ path: longFile }), DIGESTS[LONG]);
    assert.equal(await rt.hash(pathToFileURL(longFile)), DIGESTS[LONG]);
    assert.equal(await rt.hash(createReadStream(longFile)), DIGESTS[LONG]);
    const empty = path.join(folder, 'empty');
    writeFileSync(empty, '');
    assert.equal(await rt.hash({ path: empty }), DIGESTS[0]);
    for (const length of [1, 2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1, 2 ** 22]) {
      const file = path.join(folder, 'sized');
      writeFileSync(file, long.subarray(0, length));
      assert.equal(await rt.hash({ path: file }), await rt.hash(long.subarray(0, length)));
    }
    await assert.rejects(rt.hash({ path: path.join(folder, 'none') }), { code: 'ENOENT' });
    await assert.rejects(rt.hash({ path: folder }), { code: 'EISDIR' });
  });

  it('hashes files whose size is not what they say', { ...LIMIT, skip: process.platform !== 'linux' }, async (t) => {
    const rt = await openKernels(t, flavour);
    assert.match(await rt.hash({ path: '/proc/version' }), /^[0-9a-f]{64}$/); // its size is 0
    const pipe = path.join(folder, `pipe-${flavour}`);
    execFileSync('mkfifo', [pipe]);
    const writer = createWriteStream(pipe);
    const digest = rt.hash({ path: pipe });
    for (const piece of cut(long, [70_000])) if (!writer.write(piece)) await once(writer, 'drain');
    writer.end();
    assert.equal(await digest, DIGESTS[LONG]);
  });

  it('tells how far it is', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    for (const [source, total] of [[{ path: longFile }, LONG], [cut(long, [100_000]), 0], [new Blob([long]), LONG]]) {
      const seen = [];
      await rt.hash(source, { onProgress: (progress) => seen.push(progress) });
      assert.ok(seen.length >= 3);
      assert.deepEqual(seen.at(-1), { done: LONG, total });
      seen.reduce((before, { done }) => (assert.ok(done > before), done), 0);
    }
    await rt.with({ onProgress: (progress) => assert.deepEqual(progress, { done: 3, total: 3 }) }).hash('abc');
    const wrong = new Error('mine');
    await assert.rejects(rt.hash({ path: longFile }, { onProgress: () => { throw wrong; } }), wrong);
  });

  it('reads a blob into the same memory again and again, where its stream can do that', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const buffers = new Set();
    let given = 0;
    let reads = 0;
    const bytes = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        const { view } = controller.byobRequest ?? assert.fail('it wants new memory');
        const piece = long.subarray(given, given + Math.min(view.byteLength, 100_000));
        new Uint8Array(view.buffer, view.byteOffset).set(piece);
        buffers.add(view.buffer.byteLength);
        given += piece.length;
        reads++;
        if (piece.length === 0) controller.close();
        controller.byobRequest.respond(piece.length);
      },
    });
    const wanted = await rt.hash(long);
    assert.equal(await rt.hash({ size: LONG, stream: () => bytes }), wanted);
    assert.ok(reads > 3 && buffers.size === 1, `${reads} reads, memory of ${[...buffers]} bytes`);
    const plain = new ReadableStream({ start(controller) { controller.enqueue(long); controller.close(); } });
    assert.equal(await rt.hash({ size: LONG, stream: () => plain }), wanted);
    let cancelled = false;
    const endless = new ReadableStream({
      type: 'bytes',
      pull: (controller) => new Promise((resolve) => setImmediate(() => resolve(controller.byobRequest?.respond(1)))),
      cancel: () => { cancelled = true; },
    });
    const signal = AbortSignal.timeout(20);
    await assert.rejects(rt.hash({ size: 2 ** 40, stream: () => endless }, { signal }), { name: 'TimeoutError' });
    await until(() => cancelled);
  });

  it('holds no more than two pieces, and gives them back', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour, { memoryBytes: 16 * 1024 * 1024 });
    const piece = new Uint8Array(1024 * 1024);
    async function* plenty() {
      for (let i = 0; i < 100; i++) yield piece; // far more than the memory
    }
    const digest = await rt.hash(plenty());
    for (let i = 0; i < 10; i++) assert.equal(await rt.hash(plenty()), digest);
    rt.free(rt.array(Uint8Array, 8 * 1024 * 1024));
  });

  it('ends at once with the reason of the signal, also while it waits for the stream', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const reason = new Error('enough');
    await assert.rejects(rt.hash('abc', { signal: AbortSignal.abort(reason) }), reason);
    let returned = false;
    let stuck = () => {};
    const asked = new Promise((resolve) => { stuck = resolve; });
    const endless = {
      [Symbol.asyncIterator]: () => ({
        next: () => { stuck(); return new Promise(() => {}); },
        return: async () => { returned = true; return { done: true, value: undefined }; },
      }),
    };
    for (const hash of [(signal) => rt.hash(endless, { signal }), (signal) => rt.with({ signal }).hash(endless)]) {
      const controller = new AbortController();
      const digest = hash(controller.signal);
      await asked;
      controller.abort(reason);
      await assert.rejects(digest, reason);
      assert.ok(returned);
    }
    await assert.rejects(rt.with({ timeoutMs: 20 }).hash(endless), weftError('WEFT_ERR_TIMEOUT', /rt\.hash/));
    for (let i = 0; i < 30; i++) {
      const controller = new AbortController();
      const digest = rt.hash({ path: longFile }, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), i / 5);
      await digest.then((hex) => assert.equal(hex, DIGESTS[LONG]), (error) => assert.equal(error, reason));
    }
    assert.equal(await rt.hash({ path: longFile }), DIGESTS[LONG]);
  });

  it('passes on what the stream throws, and refuses what it cannot hash', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const wrong = new Error('disk on fire');
    async function* breaking() {
      yield long.subarray(0, 100_000);
      throw wrong;
    }
    await assert.rejects(rt.hash(breaking()), wrong);
    await assert.rejects(rt.hash([1, 2]), weftError('WEFT_ERR_INVALID', /stream must yield/));
    for (const source of [undefined, null, 5, {}, () => {}, { path: 5 }]) {
      await assert.rejects(rt.hash(/** @type {any} */ (source)), weftError('WEFT_ERR_INVALID', /rt\.hash/));
    }
    await assert.rejects(rt.hash('x', { encoding: /** @type {any} */ ('base64') }), weftError('WEFT_ERR_INVALID', /encoding/));
  });

  it('hashes many streams at a time', LIMIT, async (t) => {
    const rt = await openKernels(t, flavour);
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => rt.hash(cut(long, [50_000 + i]))));
    for (const digest of all) assert.equal(digest, DIGESTS[LONG]);
  });
});
