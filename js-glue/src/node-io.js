/** Nanoseconds of a monotonic clock with the same origin in every thread. */
export function now() {
  const [seconds, nanoseconds] = process.hrtime(); // at hand in a new worker; `performance` would have to be loaded
  return seconds * 1e9 + nanoseconds;
}
