import { compile, readBytes } from '../browser-load.js';
import { runOn } from './run.js';

export { WeftError } from '../errors.js';

/** @type {import('./run.js').ProgramHost} */
const host = {
  cpus: () => ({ count: navigator.hardwareConcurrency || 1 }),
  readBytes,
  compile,
  whyUnshared: async () => (await import('../browser-isolation.js')).whyUnshared(),
  createWorker(on, failed) {
    const worker = new Worker(new URL('./program-worker-browser.js', import.meta.url), { type: 'module', name: 'weft program' });
    worker.addEventListener('message', ({ data }) => on(data));
    worker.addEventListener('error', (event) => failed(new Error(event.message
      || 'its script, program-worker-browser.js, cannot be loaded (is it there; is it served as text/javascript, on an isolated page with Cross-Origin-Embedder-Policy, too; does worker-src of the Content-Security-Policy allow it?)')));
    worker.addEventListener('messageerror', () => failed(new Error('this browser does not share memory with it')));
    return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() };
  },
};

/**
 * The same as in Node, see node.js.
 *
 * @type {typeof import('./node.js').runProgram}
 */
export async function runProgram(program, options = {}) {
  return runOn(host, program, options);
}
