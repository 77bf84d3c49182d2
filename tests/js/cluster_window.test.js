import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Directory, Window } from '../../js-glue/src/cluster/window.js';

test('a window gives its items by their numbers, whatever is pushed and shifted', () => {
  const window = new Window();
  let taken = 0;
  let seed = 1;
  for (let pushed = 0; pushed < 5000;) {
    seed = (seed * 48271) % 0x7fffffff;
    if (seed % 5 < (pushed < 2500 ? 3 : 2)) { // grows to some hundreds, then is emptied
      assert.equal(window.push(`item ${pushed}`), pushed);
      pushed++;
    } else {
      assert.equal(window.shift(), taken < pushed ? `item ${taken++}` : undefined);
    }
    assert.equal(window.get(taken - 1), undefined);
    assert.equal(window.get(taken), taken < pushed ? `item ${taken}` : undefined);
    assert.equal(window.get(pushed - 1), taken < pushed ? `item ${pushed - 1}` : undefined);
    assert.equal(window.get(pushed), undefined);
    if (pushed % 500 === 0) assert.deepEqual(window.values(), Array.from({ length: pushed - taken }, (_, i) => `item ${taken + i}`));
  }
});

test('a directory holds what was added and not deleted', () => {
  const directory = new Directory();
  const model = new Map();
  let seed = 1;
  for (let step = 0; step < 5000; step++) {
    seed = (seed * 48271) % 0x7fffffff;
    const name = `name ${seed % 97}`;
    if (model.has(name)) {
      assert.equal(directory.get(name), model.get(name));
      directory.delete(name);
      model.delete(name);
      assert.equal(directory.get(name), undefined);
    } else {
      directory.delete(name); // does nothing
      directory.add(name, step);
      model.set(name, step);
    }
    assert.equal(directory.size, model.size);
    if (step % 100 === 0) assert.deepEqual(directory.values(), [...model.values()]);
  }
});
