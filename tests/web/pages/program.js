// play(name) plays a scene and says how it went; play() lists them.
import { createProgramScenes } from './program_scenes.js';

const site = new URL('../../../', import.meta.url); // of this page, tests/web/server.js
const { runProgram } = await import(new URL('js-glue/dist/program-browser.js', site).href);
const scenes = createProgramScenes({ runProgram, at: (name) => new URL(`built/wasi/fixtures/${name}`, site) });

globalThis.play = async (name) => {
  if (name === undefined) return Object.keys(scenes);
  try {
    await scenes[name]();
    return 'fine';
  } catch (error) {
    return `${error?.code} ${error?.stack ?? error} ${error?.message}`;
  }
};

/** Compresses a file of the server with tests/ports' zstd. */
globalThis.compress = async (threads, name) => {
  const input = await (await fetch(new URL(`built/${name}`, site))).arrayBuffer();
  const { code, stdout, stderr, files } = await runProgram(new URL('built/wasi/tests/ports/zstd.wasm', site), { args: [threads, 'in', 'out'], files: { in: input } });
  if (code !== 0) throw new Error(`${code} ${stderr}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', files.get('out')));
  return { sha256: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''), seconds: Number(stdout) };
};
