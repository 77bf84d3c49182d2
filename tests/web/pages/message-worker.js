// The least that an answer by messages takes.

globalThis.addEventListener('message', ({ data }) => globalThis.postMessage(data));
