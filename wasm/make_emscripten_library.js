// Writes weft_emscripten_library.js, the JavaScript side of the `emscripten` flavour:
//
//     node wasm/make_emscripten_library.js
//
// A library file for emcc cannot import, so createGuard of js-glue/src/guard.js, which the
// `wasi` flavour runs as it is, gets copied into it. A test holds the result up to date.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const guardFile = new URL('../js-glue/src/guard.js', import.meta.url);
export const libraryFile = new URL('./weft_emscripten_library.js', import.meta.url);

/** The text of the library file. */
export function makeLibrary() {
  const source = readFileSync(guardFile, 'utf8');
  const start = source.indexOf('export function createGuard');
  const guard = source.slice(start + 'export '.length).trim().replace('function createGuard', 'function');
  return `// Made by make_emscripten_library.js from js-glue/src/guard.js; edit that file instead.
// emcc --js-library weft_emscripten_library.js: what wasm/ABI.md asks of JavaScript.

mergeInto(LibraryManager.library, {
  $weftCreateGuard: ${guard.replaceAll('\n', '\n  ')},

  // Older Emscriptens export these two from the module without being asked.
  $weftHost__deps: ['$weftCreateGuard', '$PThread'].concat(
    ['$stackSave', '$stackRestore'].filter(function (name) {
      return name in LibraryManager.library;
    })),
  $weftHost__postset: 'Module["weftWorkers"] = weftHost.workers;',
  $weftHost: {
    guard: null,

    get: function () {
      if (weftHost.guard === null) {
        weftHost.guard = weftCreateGuard({
          memory: function () { return wasmMemory; },
          find: function (name) { return Module['_' + name]; },
          stackSave: function () { return stackSave(); },
          stackRestore: function (pointer) { stackRestore(pointer); },
          post: function (message) { postMessage(message); },
        });
      }
      return weftHost.guard;
    },

    // For the loader, on the main thread: every worker there is.
    workers: function () {
      var running = PThread.pthreads;
      return PThread.unusedWorkers.concat(PThread.runningWorkers || [],
        Object.keys(running).map(function (thread) {
          return running[thread].worker || running[thread];
        }));
    },
  },

  weft_guard__deps: ['$weftHost'],
  weft_guard: function (worker) { weftHost.get().guard(worker); },

  weft_invoke__deps: ['$weftHost'],
  weft_invoke: function (slot) { weftHost.get().invoke(slot); },

  weft_signal__deps: ['$weftHost'],
  weft_signal: function () { weftHost.get().signal(); },
});
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(libraryFile, makeLibrary());
