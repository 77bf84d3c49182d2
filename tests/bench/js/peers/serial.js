import * as tasks from '../tasks.js';

/** The calling thread itself. */
export function open() {
  return { run: async (name, args) => tasks[name](...args), close() {} };
}
