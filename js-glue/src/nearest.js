import { WeftError } from './errors.js';
import { show } from './show.js';

/**
 * Edits (insert, delete, replace one character) that turn one word into the other.
 *
 * @param {string} a  @param {string} b
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/**
 * The names that somebody who wrote `name` may have meant, the likeliest first.
 *
 * @param {string} name  @param {Iterable<string>} names
 * @returns {string[]}  at most three
 */
export function nearest(name, names) {
  const wanted = name.toLowerCase();
  return [...names]
    .map((candidate) => {
      const lower = candidate.toLowerCase();
      const part = wanted.length > 2 && (lower.includes(wanted) || wanted.includes(lower));
      return { candidate, cost: part ? 1 : distance(wanted, lower) };
    })
    .filter(({ candidate, cost }) => cost <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.cost - b.cost || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/**
 * @param {unknown} name  @param {string[]} names  those that there are
 * @returns {never}
 */
export function unknownExport(name, names) {
  const shown = typeof name === 'string' ? name : show(name);
  const near = nearest(shown, names);
  const some = names.slice(0, 8).join(', ') || 'nothing';
  const hint = near.length > 0
    ? `did you mean ${near.join(' or ')}?`
    : `it exports ${some}${names.length > 8 ? ', ...' : ''}; mark functions with WEFT_EXPORT`;
  throw new WeftError('WEFT_ERR_EXPORT',
    `the module exports no function ${shown} that can be called: ${hint}`);
}
