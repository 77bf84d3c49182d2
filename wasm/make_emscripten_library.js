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

  // Older Emscriptens export the stack's two from the module without being asked.
  $weftHost__deps: ['$weftCreateGuard', '$PThread'].concat(
    ['$stackSave', '$stackRestore', '$runtimeKeepalivePush'].filter(function (name) {
      return name in LibraryManager.library;
    })),
  $weftHost__postset: 'Module["weftWorkers"] = weftHost.workers; Module["weftGuard"] = weftHost.get;',
  $weftHost: {
    guard: null,

    get: function () {
      if (weftHost.guard === null) {
        weftHost.guard = weftCreateGuard({
          memory: function () { return wasmMemory; },
          // Older Emscriptens wrap what the module exports.
          find: function (name) { return (Module['asm'] && Module['asm'][name]) || Module['_' + name]; },
          stackSave: function () { return stackSave(); },
          stackRestore: function (pointer) { stackRestore(pointer); },
          post: function (message) {
            if (ENVIRONMENT_IS_PTHREAD) postMessage(message);
            else if (Module['weftPost']) Module['weftPost'](message);
          },
          load: function (url) { return import(url); },
          resume: function (worker) {
            try {
              Module['_weft_thread_resume'](worker);
            } catch (error) {
              if (error !== 'unwind') throw error;
            }
          },
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
  weft_guard: function (worker) {
    try {
      weftHost.get().guard(worker);
    } catch (error) {
      // The thread lives on without a stack: no callback on its event loop may end it.
      if (error === 'unwind' && typeof runtimeKeepalivePush === 'function') runtimeKeepalivePush();
      throw error;
    }
  },

  weft_invoke__deps: ['$weftHost'],
  weft_invoke: function (slot) { weftHost.get().invoke(slot); },

  weft_body__deps: ['$weftHost'],
  weft_body: function (loop, first, last) { weftHost.get().body(loop, first, last); },

  weft_signal__deps: ['$weftHost'],
  weft_signal: function () { weftHost.get().signal(); },
});
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(libraryFile, makeLibrary());
