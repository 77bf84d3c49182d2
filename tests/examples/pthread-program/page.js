// The same program where there are no files but those that it is given: in a page, or here.
import { runProgram } from 'weft/program';

const { code, stdout } = await runProgram(new URL('./words.wasm', import.meta.url), {
  args: ['song', 'poem'],
  files: { song: 'la la la\n', poem: 'so much depends\nupon' },
});
console.log(stdout, code);
