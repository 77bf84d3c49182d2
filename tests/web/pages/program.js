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
