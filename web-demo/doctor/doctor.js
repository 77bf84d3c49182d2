/** Doctor: what this browser has, what is missing, and the line to add. */
import { byteCount, copyText, element, find } from '../ui.js';

/** @typedef {{ name: string, good: boolean | undefined, found: string, need: string }} Check */

/** Modules of a few bytes that are valid only where a feature is there. */
const PROBES = {
  // (memory 1 1 shared) and an atomic load from it
  threads: [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11],
  // a function that makes a v128
  simd: [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
};

/** @param {keyof typeof PROBES} name */
const valid = (name) => typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(PROBES[name]));

/** The largest shared memory that could be had, in bytes; it is only reserved. */
function mostMemory() {
  for (let pages = 65536; pages >= 256; pages /= 2) {
    try {
      void new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      return pages * 65536;
    } catch { /* half of it, then */ }
  }
  return 0;
}

/** @param {import('../engine.js').Engine | undefined} engine  @param {unknown} failure  @returns {Check[]} */
function examine(engine, failure) {
  const wasm = typeof WebAssembly === 'object';
  const memory = wasm && valid('threads') ? mostMemory() : 0;
  const cores = navigator.hardwareConcurrency;
  const yes = (/** @type {boolean} */ good) => (good ? 'yes' : 'no');
  const running = engine ? (engine.reason ? 'without workers' : `with ${engine.most} threads`) : `no: ${/** @type {any} */ (failure)?.message ?? 'not started'}`;
  return [
    { name: 'Secure context', good: isSecureContext, found: yes(isSecureContext), need: 'https, or localhost' },
    { name: 'WebAssembly', good: wasm, found: yes(wasm), need: 'a browser of 2017 or later, and script-src \'wasm-unsafe-eval\' where there is a Content-Security-Policy' },
    { name: 'WebAssembly threads', good: valid('threads'), found: yes(valid('threads')), need: 'Chrome 74, Firefox 79, Safari 14.1' },
    { name: 'WebAssembly SIMD', good: valid('simd'), found: yes(valid('simd')), need: 'Chrome 91, Firefox 89, Safari 16.4' },
    { name: 'Cross-origin isolated', good: crossOriginIsolated, found: yes(crossOriginIsolated), need: 'two headers: see below' },
    { name: 'SharedArrayBuffer', good: typeof SharedArrayBuffer !== 'undefined', found: yes(typeof SharedArrayBuffer !== 'undefined'), need: 'cross-origin isolation' },
    { name: 'Atomics.waitAsync', good: 'waitAsync' in Atomics, found: 'waitAsync' in Atomics ? 'yes' : 'no: results come as messages, some microseconds later', need: 'not needed' },
    { name: 'Cores', good: cores > 1, found: cores ? String(cores) : 'not told', need: 'two, to gain from threads' },
    { name: 'Shared memory', good: memory > 0, found: memory ? `${byteCount(memory)} in one piece` : 'none', need: 'weft asks for what it is told to, and for half again and again until it gets it' },
    { name: 'weft runs', good: engine !== undefined, found: running, need: 'all of the above; without the isolation it runs without workers' },
  ];
}

const COOP = 'Cross-Origin-Opener-Policy';
const COEP = 'Cross-Origin-Embedder-Policy';
const RECIPES = {
  'nginx': `add_header ${COOP} same-origin always;\nadd_header ${COEP} require-corp always;`,
  'Apache': `Header always set ${COOP} "same-origin"\nHeader always set ${COEP} "require-corp"`,
  'Netlify, Cloudflare Pages (_headers)': `/*\n  ${COOP}: same-origin\n  ${COEP}: require-corp`,
  'Vercel (vercel.json)': JSON.stringify({ headers: [{ source: '/(.*)', headers: [{ key: COOP, value: 'same-origin' }, { key: COEP, value: 'require-corp' }] }] }, null, 2),
  'GitHub Pages: isolation.js of the package, beside the page': '<script src="isolation.js"></script>',
  'Vite (vite.config.js)': `server: {\n  headers: {\n    '${COOP}': 'same-origin',\n    '${COEP}': 'require-corp',\n  },\n},`,
  'Content-Security-Policy, where there is one': `Content-Security-Policy:\n  default-src 'self';\n  script-src 'self' 'wasm-unsafe-eval';\n  worker-src 'self'`,
};

/** @param {import('../engine.js').Engine | undefined} engine  @param {unknown} [failure]  why there is none */
export function showDoctor(engine, failure) {
  const checks = examine(engine, failure);
  find('checks').replaceChildren(...checks.map(({ name, good, found, need }) => {
    const head = element('th', name);
    head.scope = 'row';
    const sign = element(`td.sign.${good ? 'good' : 'bad'}`, good ? '✓ there' : '✗ missing');
    return element('tr', head, sign, element('td', found), element('td.need', good ? '' : need));
  }));
  const reason = engine?.reason;
  find('verdict').textContent = !engine ? `weft does not run here: ${/** @type {any} */ (failure)?.message ?? failure}`
    : reason ? `weft runs here, but without workers: ${reason}`
      : `All is there: weft runs here with ${engine.most} threads.`;
  find('checks-table').classList.toggle('fine', checks.every(({ good }) => good));
  find('verdict').classList.toggle('bad', !engine || reason !== undefined);
  find('recipes').replaceChildren(...Object.entries(RECIPES).map(([name, text]) => {
    const code = element('pre', text);
    code.tabIndex = 0; // it may scroll
    const button = element('button', 'Copy');
    button.type = 'button';
    button.setAttribute('aria-label', `Copy the lines for ${name}`);
    button.addEventListener('click', async () => {
      button.textContent = (await copyText(text)) ? 'Copied' : 'Select it by hand';
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    return element('div.recipe', element('h3', name, button), code);
  }));
}
