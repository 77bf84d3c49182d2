import * as tasks from '../tasks.js';

/** The tasks for pools that give a task one value: here all of its arguments. */
export const spread = Object.fromEntries(
  Object.entries(tasks).map(([name, task]) => [name, (args) => task(...args)]));
