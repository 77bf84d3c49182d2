/**
 * Gives a page shared memory where its host sets no headers, such as GitHub Pages: a service worker
 * adds them. A copy of this file lies in the folder of the page, which runs it as its first script:
 *
 *     <script src="isolation.js"></script>
 *
 * The same file is the service worker. The first visit loads the page twice. `isolation.js?credentialless`
 * lets pictures of other origins in without their consent (Chromium and Firefox). Where nothing
 * helps (no https, a frame) the page runs as it is, and `rt.info.reason` says why.
 */
const scope = /** @type {any} */ (globalThis);

/** @param {any} request  @returns {Promise<Response>} */
async function answer(request) {
  const response = await fetch(request);
  if (response.status === 0) return response; // of another origin, and not to be read
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', scope.location.search === '?credentialless' ? 'credentialless' : 'require-corp');
  const { status, statusText, body } = response;
  return new Response([204, 205, 304].includes(status) ? null : body, { status, statusText, headers });
}

function serve() {
  scope.addEventListener('install', () => scope.skipWaiting());
  scope.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener('fetch', (/** @type {any} */ event) => {
    const { cache, mode } = event.request;
    if (cache === 'only-if-cached' && mode !== 'same-origin') return; // of Chromium's developer tools
    event.respondWith(answer(event.request));
  });
}

/** Loads the page again once the service worker has it, and not for ever. @param {string} url  of this file */
async function isolate(url) {
  const { navigator, sessionStorage, location } = scope;
  const mark = `weft isolation ${url}`;
  if (scope.crossOriginIsolated) return sessionStorage.removeItem(mark);
  if (!scope.isSecureContext || !navigator.serviceWorker || sessionStorage.getItem(mark)) return;
  await navigator.serviceWorker.register(url);
  const { active } = await navigator.serviceWorker.ready;
  if (active.state !== 'activated') await new Promise((resolve) => active.addEventListener('statechange', resolve, { once: true }));
  sessionStorage.setItem(mark, 'tried');
  location.reload();
}

if (scope.document) {
  isolate(scope.document.currentScript.src).catch((error) => console.warn(`weft: this page cannot be isolated: ${error.message}`));
} else serve();

export {}; // a module to the type check; esbuild makes a script of it
