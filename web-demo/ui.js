/** Small things that every view uses. */

/** @param {string} id  @returns {any} */
export const find = (id) => document.getElementById(id);

/**
 * An element with text or children.
 *
 * @param {string} name  a tag, with classes: `p.note`
 * @param {...(string | Node)} children
 * @returns {any}
 */
export function element(name, ...children) {
  const [tag, ...classes] = name.split('.');
  const made = document.createElement(tag);
  if (classes.length > 0) made.className = classes.join(' ');
  made.append(...children);
  return made;
}

/** No line ends between number and unit. @param {number} value */
export const milliseconds = (value) => (value < 9.95 ? `${value.toFixed(1)}\u00a0ms` : value < 9950 ? `${Math.round(value)}\u00a0ms` : `${(value / 1000).toFixed(1)}\u00a0s`);

/** @param {number} bytes */
export function byteCount(bytes) {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let at = 0;
  for (; bytes >= 1000 && at < 3; at++) bytes /= 1000;
  return `${at === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[at]}`;
}

/** How many times: 1.5 ×, 2 × 10⁹. @param {number} value */
export function times(value) {
  if (value < 9950) return `${value.toFixed(value < 9.95 ? 1 : 0)} ×`;
  const [digits, exponent] = value.toExponential(1).split('e+');
  return `${digits.replace('.0', '')} × 10${Array.from(exponent, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
}

/** @param {number} count  @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Shows what went wrong, to everybody. @param {unknown} error  @param {string} [what] */
export function showError(error, what = 'Something went wrong') {
  const { code, message } = /** @type {any} */ (error) ?? {};
  const box = find('error');
  find('error-text').textContent = `${what}: ${message ?? error}${code ? ` (${code})` : ''}`;
  box.hidden = false;
}

/** A message for who cannot see what happened. @param {string} text */
export function announce(text) {
  find('announcer').textContent = text;
}

/** @param {unknown} error  What a signal ended is nobody's fault. */
export const isAbort = (error) => /** @type {any} */ (error)?.name === 'AbortError';

/** @param {string} text  @returns {Promise<boolean>} */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no clipboard: the text can be selected by hand
  }
}

/** @param {string} name  @param {Blob} blob */
export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = element('a');
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
