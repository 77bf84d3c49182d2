// The demo, driven as a person would: web-demo/build.js has put it into build/demo.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { nextPicture, openDemo, raceEnds, settled, text, wait, whyNot } from './demo_page.js';
import { useBrowser } from './support.js';
import { readTrace } from './trace.js';

const LIMIT = { timeout: 400_000 };
const TRANSFER_MOST = 300_000;
/** Of 3 s; a page that waits for its workers has none but one, in every try; a busy machine has some. */
const GAP_MOST_MS = 1500;
const TRIES = 10;

/** Of "abc", by b3sum. */
const ABC = '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85';
const EMPTY = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';

/** A fingerprint of a canvas, and how many colours it has. */
const look = (page, id) => page.$eval(`#${id}`, (canvas) => {
  const copy = document.createElement('canvas');
  Object.assign(copy, { width: canvas.width, height: canvas.height });
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  const words = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
  let hash = 0;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193) + 1 | 0;
  return { hash, colours: new Set(words).size };
});

/** Puts a file where a hand would drop it: text, or so many MiB of a byte. */
const drop = (page, name, type, piece, parts = 1) => page.evaluate((...args) => {
  const [fileName, fileType, content, count] = args;
  const transfer = new DataTransfer();
  const blob = new Blob([typeof content === 'string' ? content : new Uint8Array(1 << 20).fill(content)]);
  transfer.items.add(new File(Array(count).fill(blob), fileName, { type: fileType }));
  document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
}, name, type, piece, parts);

const pick = (page, id) => page.$eval(`#${id}`, (input) => input.click());
const startRace = async (page) => {
  await page.click('#race-start');
  await wait(page, () => document.body.dataset.race === 'running');
};

/** @param {'chromium' | 'firefox'} engine */
export function defineDemo(engine) {
  describe(`the demo in ${engine}`, { skip: whyNot(engine) }, () => {
    const used = useBrowser(engine);
    const open = (t, view, options) => openDemo(t, used, view, options);

    it('draws the set, and something else wherever one goes', LIMIT, async (t) => {
      const page = await open(t);
      await settled(page);
      const home = await look(page, 'picture');
      assert.ok(home.colours > 500, `${home.colours} colours`);
      const box = await (await page.$('#picture')).boundingBox();
      const [x, y] = [box.x + box.width * 0.38, box.y + box.height * 0.4];
      await page.mouse.move(x, y);
      await nextPicture(page, () => page.mouse.wheel({ deltaY: -600 }));
      const wheeled = await look(page, 'picture');
      assert.notEqual(wheeled.hash, home.hash);
      await nextPicture(page, async () => {
        await page.mouse.down();
        await page.mouse.move(x + 80, y + 40, { steps: 5 });
        await page.mouse.up();
      });
      const dragged = await look(page, 'picture');
      assert.notEqual(dragged.hash, wheeled.hash);
      await page.focus('#picture');
      await nextPicture(page, () => page.keyboard.press('ArrowLeft'));
      await nextPicture(page, () => page.keyboard.press('+'));
      assert.notEqual((await look(page, 'picture')).hash, dragged.hash);
      await nextPicture(page, () => page.keyboard.press('Home'));
      assert.equal((await look(page, 'picture')).hash, home.hash);
      await nextPicture(page, () => pick(page, 'kind-julia'));
      assert.notEqual((await look(page, 'picture')).hash, home.hash);
    });

    it('goes where a link to a view points', LIMIT, async (t) => {
      const page = await open(t, 'explore', { size: [400, 400], prepare: (made) => made.evaluateOnNewDocument(() => {
        Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (link) => { globalThis.copied = link; } } });
      }) });
      const copy = async () => {
        await page.evaluate(() => { globalThis.copied = undefined; });
        await page.click('#share');
        await wait(page, () => globalThis.copied);
        return page.evaluate(() => globalThis.copied);
      };
      for (const set of ['mandelbrot', 'julia']) {
        await nextPicture(page, () => page.select('#place', 'seahorse'));
        if (set === 'julia') await nextPicture(page, () => pick(page, 'kind-julia'));
        await page.select('#palette', 'moss');
        await settled(page);
        const link = await copy();
        await nextPicture(page, () => page.click('#zoom-home'));
        await page.select('#palette', 'loom');
        await nextPicture(page, () => page.evaluate((url) => { location.href = url; }, link));
        assert.equal(await copy(), link);
        const followed = await look(page, 'picture');
        assert.ok(followed.colours > 500, `${followed.colours} colours`);
        const other = await open(t, new URL(link).hash.slice(1), { size: [400, 400] });
        await settled(other);
        assert.equal((await look(other, 'picture')).hash, followed.hash);
        await page.bringToFront(); // pages behind draw nothing
      }
      await page.evaluate(() => { location.hash = '#explore?re=x&im=0'; });
      await page.waitForSelector('#error:not([hidden])', { timeout: 200_000 });
      assert.match(await text(page, 'error-text'), /names no place.*x is not a decimal number/);
    });

    it('zooms by two fingers', LIMIT, async (t) => {
      const page = await open(t);
      await settled(page);
      await nextPicture(page, () => page.$eval('#picture', (canvas) => {
        const box = canvas.getBoundingClientRect();
        const point = (type, pointerId, dx) => canvas.dispatchEvent(new PointerEvent(type, {
          pointerId, pointerType: 'touch', isPrimary: pointerId === 1, button: type === 'pointermove' ? -1 : 0, bubbles: true,
          clientX: box.left + box.width / 2 + dx, clientY: box.top + box.height / 2,
        }));
        canvas.setPointerCapture = () => {}; // there is no finger to capture
        point('pointerdown', 1, -40);
        point('pointerdown', 2, 40);
        for (let spread = 50; spread <= 160; spread += 10) {
          point('pointermove', 1, -spread);
          point('pointermove', 2, spread);
        }
        point('pointerup', 1, -160);
        point('pointerup', 2, 160);
      }));
      await wait(page, () => document.querySelector('#zoom').textContent === '4.0 ×'); // from 80 pixels apart to 320
    });

    it('draws on while its window changes its size', LIMIT, async (t) => {
      const page = await open(t);
      for (let i = 0; i < 6; i++) {
        await page.setViewport({ width: 600 + 70 * i, height: 500 + 40 * (i % 3), deviceScaleFactor: 1 + i % 2 });
        await page.$eval('#picture', (canvas) => canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: -60, clientX: 300, clientY: 200, cancelable: true })));
      }
      await settled(page);
      await wait(page, () => {
        const { width, clientWidth } = document.querySelector('#picture');
        return Math.abs(width - clientWidth * Math.min(2, devicePixelRatio)) < 2;
      });
      await settled(page);
      assert.ok((await look(page, 'picture')).colours > 100);
    });

    it('goes on after a time in the background', LIMIT, async (t) => {
      const page = await open(t);
      await settled(page);
      const other = await used.browser.newPage();
      t.after(() => other.close());
      await other.bringToFront();
      const before = await page.$eval('#picture', ({ dataset }) => Number(dataset.asked));
      await page.$eval('#zoom-in', (button) => button.click());
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
      await page.bringToFront();
      await settled(page, before);
      assert.ok((await look(page, 'picture')).colours > 100);
    });

    it('draws where doubles end', LIMIT, async (t) => {
      const page = await open(t, 'explore', { size: [300, 260] }); // each pixel takes thousands of steps
      await settled(page);
      for (const place of ['deep', 'deeper']) {
        await nextPicture(page, () => page.select('#place', place));
        const { colours } = await look(page, 'picture');
        assert.ok(colours > 500, `${colours} colours`);
      }
    });

    it('draws the same pixels on 0, 1 and 2 threads', LIMIT, async (t) => {
      const page = await open(t);
      await settled(page);
      const hashes = [];
      for (const threads of [0, 1, 2]) {
        await nextPicture(page, () => page.$eval('#threads', (slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        }, threads));
        hashes.push((await look(page, 'picture')).hash);
      }
      assert.deepEqual(hashes, hashes.map(() => hashes[0]));
    });

    it('shows who drew what', LIMIT, async (t) => {
      const page = await open(t);
      await settled(page);
      assert.equal((await look(page, 'owners')).colours, 1);
      await page.click('#show-owners');
      const shown = async () => Math.min((await look(page, 'owners')).colours, (await page.$$('#legend li')).length);
      // On a busy machine one worker may have drawn the whole of a picture.
      for (let i = 0; i < TRIES && await shown() < 2; i++) await nextPicture(page, () => page.$eval('#zoom-in', (button) => button.click()));
      assert.ok(await shown() >= 2);
    });

    it('keeps the page free while every worker is busy', LIMIT, async (t) => {
      const page = await open(t);
      await settled(page);
      await page.select('#place', 'spiral');
      const longestGap = () => page.evaluate(() => new Promise((resolve) => {
        const begun = performance.now();
        let last = begun;
        let most = 0;
        const frame = (now) => {
          most = Math.max(most, now - last);
          last = now;
          if (now - begun > 3000) return resolve(most);
          document.querySelector('#picture').dispatchEvent(new WheelEvent('wheel', { deltaY: Math.sin(now / 100) * 30, clientX: 400, clientY: 300, cancelable: true, bubbles: true }));
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }));
      const gaps = [];
      do {
        gaps.push(await longestGap());
        t.diagnostic(`longest gap ${gaps.at(-1).toFixed(1)} ms`);
      } while (gaps.at(-1) >= GAP_MOST_MS && gaps.length < TRIES);
      assert.ok(gaps.at(-1) < GAP_MOST_MS, `${gaps} ms`);
    });

    for (const work of ['blur', 'sort', 'hash']) {
      it(`races ${work}, to the same result on every rung`, LIMIT, async (t) => {
        const page = await open(t, 'race');
        await pick(page, `work-${work}`);
        await startRace(page);
        await raceEnds(page);
        const checks = await page.$$eval('#lanes td.check', (cells) => cells.map((cell) => cell.textContent));
        assert.deepEqual(checks, ['the reference', ...Array(checks.length - 1).fill('same result')]);
        assert.ok(checks.length >= 5);
        await page.click('#race-copy');
        const numbers = await page.$eval('#race-text', (box) => box.value);
        assert.match(numbers, /JavaScript on the page +[\d.]+ ms/);
        assert.match(numbers, /weft, 1 thread +[\d.]+ ms +[\d.]+ x/);
        t.diagnostic(`\n${numbers}`);
      });
    }

    it('cancels a race at once', LIMIT, async (t) => {
      const page = await open(t, 'race');
      await pick(page, 'work-sort');
      await startRace(page);
      await wait(page, () => document.querySelector('#lanes tr.running'));
      const took = await page.evaluate(() => new Promise((resolve) => {
        const begun = performance.now();
        new MutationObserver(() => resolve(performance.now() - begun)).observe(document.body, { attributes: true });
        document.querySelector('#race-start').click();
      }));
      assert.equal(await page.evaluate(() => document.body.dataset.race), 'cancelled');
      t.diagnostic(`after ${took.toFixed(1)} ms`);
      await startRace(page); // and another one can be run
      await raceEnds(page);
      assert.equal(await page.evaluate(() => document.body.dataset.race), 'done');
    });

    it('takes dropped files, and says what it cannot take', LIMIT, async (t) => {
      const page = await open(t, 'race');
      const said = (expected) => wait(page, (part) => document.querySelector('#race-message').textContent.includes(part), expected);
      await drop(page, 'notes.txt', 'text/plain', 'abc');
      await said('notes.txt is no picture');
      await drop(page, 'nothing.png', 'image/png', '');
      await said('nothing.png is empty');
      await drop(page, 'film.mov', 'video/quicktime', 7, 3072);
      await said('too much for a picture');
      await pick(page, 'work-hash');
      for (const [content, digest] of [['abc', ABC], ['', EMPTY]]) {
        await drop(page, 'notes.txt', 'text/plain', content);
        await said('notes.txt');
        await startRace(page);
        await raceEnds(page);
        assert.equal(await text(page, 'digest'), digest);
      }
    });

    it('hashes a file of any size, piece by piece, until it is cancelled', LIMIT, async (t) => {
      const page = await open(t, 'race');
      await pick(page, 'work-hash');
      await drop(page, 'film.mov', 'video/quicktime', 7, 3072); // 3 GiB of one block: nothing is copied
      await wait(page, () => document.querySelector('#race-message').textContent.includes('3.2 GB'));
      await startRace(page);
      await wait(page, () => /^[1-9]\d* %$/.test(document.querySelector('#lanes tr.running td.check')?.textContent ?? ''));
      await page.click('#race-start');
      await raceEnds(page);
      assert.equal(await page.evaluate(() => document.body.dataset.race), 'cancelled');
    });

    it('records what the workers do', LIMIT, async (t) => {
      const page = await open(t, 'inside');
      await page.evaluate(() => {
        URL.createObjectURL = (blob) => {
          globalThis.saved = blob.text();
          return '#inside';
        };
      });
      await page.select('#load', 'row');
      await page.click('#record');
      await page.waitForSelector('#inside-result:not([hidden])', { timeout: 200_000 });
      assert.ok((await look(page, 'timeline')).colours > 4);
      await page.click('#trace');
      const { spans, calls, counters } = readTrace(JSON.parse(await page.evaluate(() => globalThis.saved)));
      assert.equal(spans.length, 12 * 10 * 8);
      assert.equal(calls, 12);
      assert.ok(counters.has('worker 0: tasks stolen (sampled)') && counters.has('worker 0: sleeps (sampled)'), [...counters].join());
    });

    it('tells what there is and what is missing', LIMIT, async (t) => {
      const good = await open(t, 'doctor');
      assert.equal(await good.evaluate(() => scrollY), 0, 'the head of the page is out of sight');
      assert.match(await text(good, 'verdict'), /^All is there/);
      assert.equal((await good.$$('#checks .bad')).length, 0);
      const bad = await open(t, 'doctor', { site: 'plain' });
      assert.match(await text(bad, 'verdict'), /without workers: .*Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/);
    });

    it('works without isolation, to the same pixels', LIMIT, async (t) => {
      const hashes = [];
      for (const site of ['isolated', 'plain']) {
        const page = await open(t, 'explore', { site });
        await settled(page);
        hashes.push((await look(page, 'picture')).hash);
        assert.equal(await page.$eval('#alone', (notice) => notice.hidden), site === 'isolated');
      }
      assert.equal(hashes[0], hashes[1]);
      const page = await open(t, 'race', { site: 'plain' });
      await startRace(page);
      await raceEnds(page);
      assert.equal(await page.evaluate(() => document.body.dataset.race), 'done');
      assert.match(await page.$eval('#lanes', (body) => body.textContent), /no SharedArrayBuffer/);
    });

    for (const [site, expected] of [['policyAgainstWasm', /WEFT_ERR/], ['wasmMissing', /demo\.wasm.*404/], ['wasmIsPage', /demo\.wasm.*is a page/]]) {
      it(`says what is wrong: ${site}`, LIMIT, async (t) => {
        const page = await open(t, 'explore', { site, calm: false });
        await page.waitForSelector('#error:not([hidden])', { timeout: 200_000 });
        assert.match(await text(page, 'error-text'), expected);
      });
    }

    for (const site of ['workerMissing', 'workerIsText']) {
      it(`draws, or says why not, without the workers' script: ${site}`, LIMIT, async (t) => {
        const page = await open(t, 'explore', { site, calm: false });
        await wait(page, () => !document.querySelector('#error').hidden || (document.querySelector('#picture').dataset.finished > 0 && !document.querySelector('#alone').hidden));
        const told = await page.evaluate(() => document.querySelector('#error-text').textContent + document.querySelector('#alone-reason').textContent);
        assert.match(told, /worker/);
      });
    }

    it('is small', { ...LIMIT, skip: engine !== 'chromium' }, async (t) => {
      /** @type {Map<string, Promise<Buffer>>} */
      const files = new Map();
      const page = await open(t, 'explore', { prepare: async (made) => {
        made.on('response', (response) => {
          if (response.ok()) files.set(response.url().replace(/#.*/, ''), response.buffer().catch(() => Buffer.alloc(0)));
        });
      } });
      for (const view of ['race', 'inside', 'doctor']) {
        await page.click(`#to-${view}`);
        await page.waitForSelector(`#${view}[data-open]`, { timeout: 200_000 });
      }
      let bytes = 0;
      for (const body of files.values()) bytes += brotliCompressSync(await body).length;
      t.diagnostic(`${files.size} files, ${bytes} bytes with brotli`);
      assert.ok(bytes > 50_000 && bytes <= TRANSFER_MOST, `${bytes} bytes`);
    });
  });
}
