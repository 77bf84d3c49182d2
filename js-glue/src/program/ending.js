/** The end of a program, which happens once; the word is shared by all threads. */

/** True for one caller only: the one that ends the program. @param {Int32Array} words  @param {number} word */
export const endOnce = (words, word) => Atomics.compareExchange(words, word, 0, 1) === 0;

/** A thread of a program that is ending goes no further. @param {Int32Array} words  @param {number} word */
export function stayUnlessEnding(words, word) {
  while (Atomics.load(words, word) !== 0) Atomics.wait(words, word, 1);
}

/** @param {Int32Array} words  @param {number} word  0 free, 1 held, 2 held and somebody may sleep  @returns {() => void} that unlocks it */
export function lockWord(words, word) {
  if (Atomics.compareExchange(words, word, 0, 1) !== 0) {
    while (Atomics.exchange(words, word, 2) !== 0) Atomics.wait(words, word, 2);
  }
  return () => {
    if (Atomics.exchange(words, word, 0) === 2) Atomics.notify(words, word, 1);
  };
}
