// Reads Trace Event JSON as strictly as its description does, which Perfetto and chrome://tracing
// follow; they drop in silence what this refuses.

import assert from 'node:assert/strict';

const known = {
  M: ['pid', 'tid', 'name', 'args'],
  X: ['pid', 'tid', 'name', 'cat', 'ts', 'dur', 'args'],
  b: ['pid', 'tid', 'name', 'cat', 'ts', 'id'],
  e: ['pid', 'tid', 'name', 'cat', 'ts', 'id'],
  C: ['pid', 'tid', 'name', 'ts', 'args'],
};
const text = (value) => typeof value === 'string' && value.length > 0;
const natural = (value) => Number.isSafeInteger(value) && value >= 0;
/** What each field must be; times are whole microseconds since the recording began. */
const fields = { pid: natural, tid: natural, name: text, cat: text, ts: natural, dur: natural, id: natural, args: (value) => Object.keys(value).length > 0 };

/** The spans of a thread must nest: each one ends no later than those that it lies in. */
function mustNest(spans, thread) {
  const open = [];
  for (const { ts, dur, name } of spans.filter(({ tid }) => tid === thread).sort((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    while (open.length > 0 && open.at(-1) <= ts) open.pop();
    assert.ok(open.length === 0 || ts + dur <= open.at(-1), `${name} overlaps what is before it`);
    open.push(ts + dur);
  }
}

/** Each beginning has one end, under the same category, id and name, and not before it. @returns {number} pairs */
function mustPair(events) {
  const open = new Map();
  const key = ({ cat, id, name }) => JSON.stringify([cat, id, name]);
  let pairs = 0;
  for (const event of events) {
    if (event.ph === 'b') {
      assert.ok(!open.has(key(event)), `${key(event)} begins twice`);
      open.set(key(event), event.ts);
    } else if (event.ph === 'e') {
      assert.ok(event.ts >= open.get(key(event)), `${key(event)} ends, but has not begun`);
      open.delete(key(event));
      pairs++;
    }
  }
  assert.equal(open.size, 0, `${[...open.keys()]} never end`);
  return pairs;
}

/**
 * @param {any} trace
 * @returns {{ spans: any[], calls: number, counters: Set<string> }}
 */
export function readTrace({ displayTimeUnit, traceEvents, ...rest }) {
  assert.deepEqual([displayTimeUnit, Object.keys(rest)], ['ms', []]);
  for (const { ph, ...event } of traceEvents) {
    assert.deepEqual(Object.keys(event).sort(), [...(known[ph] ?? [])].sort(), `fields of ${ph}`);
    for (const [name, value] of Object.entries(event)) assert.ok(fields[name](value), `${name} of ${JSON.stringify(event)}`);
  }
  const of = (...phases) => traceEvents.filter(({ ph }) => phases.includes(ph));
  const names = of('M');
  for (const { name, args } of names) assert.ok(['process_name', 'thread_name'].includes(name) && text(args.name), name);
  assert.equal(names.filter(({ name }) => name === 'process_name').length, 1);
  const named = names.filter(({ name }) => name === 'thread_name').map(({ tid }) => tid);
  assert.equal(new Set(named).size, named.length, 'a thread has two names');
  const threads = new Set(of('X', 'b', 'e').map(({ tid }) => tid));
  for (const thread of threads) {
    assert.ok(named.includes(thread), `thread ${thread} has no name`);
    mustNest(of('X'), thread);
  }
  for (const { name, args } of of('C')) assert.ok(Object.values(args).every(Number.isFinite), name);
  return { spans: of('X'), calls: mustPair(traceEvents), counters: new Set(of('C').map(({ name }) => name)) };
}
