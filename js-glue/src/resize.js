import { WeftError } from './errors.js';
import { show } from './show.js';
import { STATUS } from './status.js';
import { THREADS_MAX } from './options.js';

/**
 * Changes how many workers of a runtime take calls.
 *
 * @param {import('./runtime.js').Core} core  @param {number} threads
 * @returns {Promise<void>}
 */
export async function resize({ engine, crew, jobs, pulse, settings }, threads) {
  if (!Number.isInteger(threads) || threads < 1 || threads > THREADS_MAX) {
    throw new WeftError('WEFT_ERR_INVALID',
      `rt.resize: the number of workers must be an integer from 1 to ${THREADS_MAX}, got ${show(threads)}`);
  }
  if (engine.solo) {
    throw new WeftError('WEFT_ERR_UNSUPPORTED', 'rt.resize: a runtime that was made without workers cannot grow');
  }
  pulse.wake();
  const status = engine.find('weft_js_resize')(threads);
  settings.threads = threads;
  jobs.resize(threads);
  const reach = engine.find('weft_js_reach')();
  let timer;
  const late = new Promise((resolve) => { // also keeps the process alive meanwhile
    timer = setTimeout(resolve, settings.startTimeoutMs);
  });
  const ready = () => crew.present >= reach;
  await Promise.race([crew.until(ready), late]);
  clearTimeout(timer);
  if (status !== STATUS.WEFT_OK || !ready()) {
    throw new WeftError('WEFT_ERR_WORKER',
      `rt.resize: ${Math.min(crew.present, reach)} of ${threads} workers are there: the host creates no more of them, or the C heap has no room for another stack`);
  }
}
