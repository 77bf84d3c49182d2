// Goes in front of the script of an Emscripten program that runs in Node.
if (typeof process === 'object') {
  // Emscripten 3.1.6 takes Node's fetch for a browser's and aborts on the file name.
  delete globalThis.fetch;
  Module['preRun'] = function () {
    if (typeof ENV === 'object') Object.assign(ENV, process.env); // not there where no C asks for it
  };
}
