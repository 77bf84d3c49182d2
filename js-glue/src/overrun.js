/**
 * How a thread's C has ended by an error.
 *
 * @param {any} error
 * @param {any} [exports]  of its instance
 * @returns {import('./protocol.js').ErrorRecord}
 */
export function failureOf(error, exports) {
  const { name, message, stack } = error;
  const limit = exports?.weft_thread_limit;
  // A stack check traps with the stack pointer where it should not be.
  if (name !== 'RuntimeError' || !limit || ((exports.__stack_pointer.value - limit()) | 0) >= 0) return { name, message, stack };
  return { name: 'StackOverflow', message: 'the thread overran its stack', stack: stack.replace(/.*/, 'StackOverflow: the thread overran its stack') };
}
