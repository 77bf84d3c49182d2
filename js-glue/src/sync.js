import { WeftError } from './errors.js';
import { Listening, Word } from './layout.js';
import { Failure, Rejection, titled } from './outcome.js';

/** Looks before the thread sleeps: some microseconds, in which most short calls end. */
const LOOKS = 2000;
const WATCH_MS = 250;

/** A call whose caller sleeps until it has ended. */
class SyncCall {
  settled = false;
  slot = 0;
  /** @type {any} */
  outcome;

  /** @param {string} label */
  constructor(label) {
    this.label = label;
  }

  /** @param {any} outcome */
  settle(outcome) {
    this.outcome = outcome;
  }

  leave() {}
}

/**
 * Runs a job while the calling thread waits for it.
 *
 * @param {import('./runtime.js').Core} core
 * @param {import('./arguments.js').Callable} callable  @param {any[]} values
 * @param {import('./control.js').Control | undefined} control  its signal counts at the
 *   start only: nothing can raise it while the thread waits
 * @returns {any}
 */
export function runSync(core, callable, values, control) {
  const { engine, host, jobs } = core;
  const { solo } = engine;
  if (!host.maySleep && !solo) {
    throw new WeftError('WEFT_ERR_WOULD_BLOCK',
      `${callable.name}: this thread must not sleep, as a page's main thread: use rt.call`);
  }
  if (control?.signal?.aborted) throw control.signal.reason;
  const call = new SyncCall(control?.label ?? '');
  const end = performance.now() + (control?.timeoutMs ?? Infinity);
  const queued = jobs.begin(callable, values, callable.convert(values), call, control?.lane ?? 0);
  jobs.flush();
  /** @param {Failure} failure */
  const giveUp = (failure) => jobs.abandon(call, queued, failure);
  const title = titled(callable.name, call);
  try {
    solo?.runUntil(() => {
      jobs.drain();
      jobs.flush();
      return call.settled;
    });
  } catch (error) {
    giveUp(new Rejection(error));
  }
  for (let looks = 0; !call.settled; looks++) {
    if (jobs.finished()) jobs.drain(), jobs.flush();
    else if (looks < LOOKS) continue;
    else if (performance.now() >= end) giveUp(new Failure('WEFT_ERR_TIMEOUT', `${title}: not done after ${control?.timeoutMs} ms`));
    else if (!sleep(jobs, end)) {
      // Emscripten's threads may wait for this one to serve a call of theirs.
      engine.find('emscripten_main_thread_process_queued_calls')?.();
      core.pulse.look();
      const why = core.watchdog().needsCaller(call.slot);
      if (why) giveUp(new Failure('WEFT_ERR_DEADLOCK', `${title}: deadlock: the thread that waits for this call would have to go on: ${why}`));
    }
  }
  if (call.outcome instanceof Failure) throw call.outcome.error();
  return call.outcome;
}

/**
 * Sleeps until a job has ended, but not beyond `end`.
 *
 * @param {import('./jobs.js').Jobs} jobs  @param {number} end
 * @returns {boolean}  false: it is time for the watchdog to look
 */
function sleep(jobs, end) {
  const { i32, layout } = jobs;
  Atomics.store(i32, layout + Word.LISTENING, Listening.WAIT_ASYNC); // it is woken alike
  const seen = Atomics.load(i32, layout + Word.FINISHED);
  if (jobs.finished()) return true;
  const left = Math.max(0, end - performance.now());
  return Atomics.wait(i32, layout + Word.FINISHED, seen, Math.min(left, WATCH_MS)) !== 'timed-out';
}
