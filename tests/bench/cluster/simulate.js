// A simulation, not a measurement: how a map would scale over machines that are not here. It plays
// the path of each chunk through what is there once (the caller, then Redis) and what is there for
// each machine, with the costs that bench.js measured on one.

/**
 * What one chunk costs.
 * @typedef {object} Costs
 * @property {number} callerMs  CPU of the calling program
 * @property {number} redisMs  CPU of Redis, which has one thread
 * @property {number} workerMs  CPU of a worker beside the kernel
 * @property {number} networkMs  a way through the network
 */

/** Times at which something is free. The earliest first. @param {number} count */
function servers(count) {
  const free = new Array(count).fill(0);
  return {
    /** When what is there from `at` on, and takes `ms`, is done. */
    serve(at, ms) {
      let first = 0;
      for (let i = 1; i < free.length; i++) if (free[i] < free[first]) first = i;
      free[first] = Math.max(free[first], at) + ms;
      return free[first];
    },
  };
}

/**
 * How long a map takes.
 *
 * @param {object} what
 * @param {Costs} what.costs
 * @param {number} what.machines
 * @param {number} what.taskMs  of the kernel on one machine, by itself
 * @param {number} what.chunks
 * @param {number} what.inFlight
 * @returns {number} ms
 */
export function simulate({ costs, machines, taskMs, chunks, inFlight }) {
  const [caller, redis, workers] = [servers(1), servers(1), servers(machines)];
  const { callerMs, redisMs, workerMs, networkMs } = costs;
  // Events in the order of time: what is there once serves whoever comes first.
  const events = [];
  const at = (time, step) => {
    let i = events.length;
    while (i > 0 && events[i - 1].time < time) i--;
    events.splice(i, 0, { time, step });
  };
  let issued = 0;
  let last = 0;
  const issue = (time) => {
    if (issued >= chunks) return;
    issued++;
    at(caller.serve(time, callerMs / 2), (sent) => at(redis.serve(sent + networkMs, redisMs / 2), (queued) => {
      // The next chunk is fetched while one is computed: its way is hidden, its CPU time is not.
      const done = workers.serve(queued + networkMs, workerMs + taskMs);
      at(done + networkMs, (answered) => at(redis.serve(answered, redisMs / 2), (told) => {
        at(told + networkMs, (heard) => {
          last = caller.serve(heard, callerMs / 2);
          issue(last);
        });
      }));
    }));
  };
  for (let i = 0; i < inFlight; i++) issue(0);
  for (let event = events.pop(); event; event = events.pop()) event.step(event.time);
  return last;
}
