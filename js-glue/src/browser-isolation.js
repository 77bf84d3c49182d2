/** The headers with which a page gets shared memory. */
const HEADERS = /** @type {const} */ ([
  ['Cross-Origin-Opener-Policy', ['same-origin']],
  ['Cross-Origin-Embedder-Policy', ['require-corp', 'credentialless']],
]);
const LIMIT_MS = 1000;

/** The headers of the page itself, asked for anew. @returns {Promise<Headers | undefined>} */
async function ownHeaders() {
  try {
    const { location, document } = /** @type {any} */ (globalThis);
    if (!document || !/^https?:$/.test(location.protocol)) return undefined;
    const response = await fetch(location.href, { method: 'HEAD', signal: AbortSignal.timeout(LIMIT_MS) });
    return response.ok ? response.headers : undefined;
  } catch {
    return undefined; // a server that knows no HEAD, or a policy against it
  }
}

/**
 * Why this page, or this worker, gets no SharedArrayBuffer, and how to mend that.
 *
 * @returns {Promise<string>}
 */
export async function whyUnshared() {
  const scope = /** @type {any} */ (globalThis);
  if (!scope.isSecureContext) {
    return 'the page does not come from a secure context: serve it by https, or from localhost';
  }
  const headers = await ownHeaders();
  const missing = HEADERS.filter(([name, values]) => !values.some((value) => headers?.get(name)?.startsWith(value)))
    .map(([name, [value]]) => `"${name}: ${value}"`);
  if (missing.length === 0) {
    return scope.top !== scope
      ? 'the page lies in a frame: the outer page must be isolated, too, and the frame must have allow="cross-origin-isolated"'
      : 'the page has the headers, but this browser does not isolate it';
  }
  const whose = scope.document ? 'the page' : 'the page and the script of this worker';
  return `${whose} must be served with the header${missing.length > 1 ? 's' : ''} ${missing.join(' and ')}`;
}
