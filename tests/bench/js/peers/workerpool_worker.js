import workerpool from 'workerpool';
import * as tasks from '../tasks.js';

workerpool.worker({
  ...tasks,
  moved(values) {
    return new workerpool.Transfer(tasks.doubled(values), [values.buffer]);
  },
});
