// The least that a call takes: sleeps on word 0, answers on word 16.

globalThis.addEventListener('message', ({ data: words }) => {
  globalThis.postMessage('ready');
  for (let round = 0; ;) {
    Atomics.wait(words, 0, round);
    round = Atomics.load(words, 0);
    Atomics.store(words, 16, round);
    Atomics.notify(words, 16);
  }
}, { once: true });
