// What programs with POSIX threads do under runProgram, the same in Node and in a browser. Each
// scene throws where something is wrong.

function same(found, wanted, what = 'value') {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} where ${b} is right`);
}

const text = (bytes) => new TextDecoder().decode(bytes);

/**
 * @param {object} world
 * @param {Function} world.runProgram
 * @param {(name: string) => URL | string} world.at  a fixture of the wasi target
 */
export function createProgramScenes({ runProgram, at }) {
  const files = at('files_program.wasm');
  const posix = at('posix_program.wasm');

  /** The error, with this code, that an action ends with. */
  async function refused(code, action) {
    const error = await Promise.resolve().then(action).then(() => undefined, (reason) => reason);
    if (error?.code !== code) throw new Error(`${code} expected, got ${error?.stack ?? error}`);
    return error;
  }

  return {
    async 'gives a program files as POSIX has them'() {
      const { code, stdout, stderr } = await runProgram(files, { args: ['files'] });
      same([code, stdout, stderr], [0, 'b 0\nc 0\nlink 1\n', '']);
    },

    async 'shares open files between threads'() {
      const result = await runProgram(files, { args: ['threads'] });
      same([result.code, result.stdout, result.stderr], [0, '', '']);
      const names = ['a', 'b', 'c', 'd'];
      same(result.files.keys(), ['bytes', ...names.map((name) => `own ${name}`), 'shared']);
      const lines = text(result.files.get('shared')).split('\n');
      for (const name of names) {
        same(lines.filter((line) => line.startsWith(name)), Array.from({ length: 1000 }, (_, i) => `${name} ${i}`));
        same(text(result.files.get(`own ${name}`)), name);
      }
      same([...text(result.files.get('bytes'))].sort().join(''), names.map((name) => name.repeat(1000)).join(''));
    },

    async 'gives it the files that it shall find, and no way out of them'() {
      const contents = { 'in/deep/file': 'x', '/data': new Uint8Array([1, 2, 3]) };
      const names = ['in/deep/file', '/in/deep/../deep/file', '/data', '.', 'none', '../data', 'in/file', 'data/x', '/../data'];
      const result = await runProgram(files, { args: ['escape', ...names], files: contents });
      same(result.stdout, ['in/deep/file 1 1', '/in/deep/../deep/file 1 1', '/data 1 1', '. 1 1', 'none 0 0', '../data 0 0', 'in/file 0 0', 'data/x 0 0', '/../data 0 0', ''].join('\n'));
      same([result.files.keys(), [...result.files.get('/data')], result.files.get('none'), result.files.has('in')], [['data', 'in/deep/file'], [1, 2, 3], undefined, false]);
    },

    async 'keeps large files whole, and says when they do not fit'() {
      const large = new Uint8Array(90 * 2 ** 20 + 5); // beyond what a file's first tables reach
      for (let i = 0; i < large.length; i += 4093) large[i] = i;
      const result = await runProgram(files, { args: ['files'], files: { large } });
      const back = result.files.get('large');
      same([result.code, back.length], [0, large.length]);
      for (let i = 0; i < large.length; i++) if (back[i] !== large[i]) throw new Error(`byte ${i} differs`);
      await refused('WEFT_ERR_NOMEM', () => runProgram(files, { args: ['files'], files: { large }, fileBytes: 64 * 2 ** 20 }));
    },

    async 'passes arguments, environment and the time'() {
      same((await runProgram(files, { args: ['arguments', '-a', '--', 'ü', ''] })).stdout, '[-a][--][ü][]');
      same((await runProgram(files, { args: ['environment', 'MINE'], env: { MINE: 'a=b' } })).stdout, 'a=b\n');
      same((await runProgram(files, { args: ['environment', 'HOME'] })).stdout, '(none)\n');
      const { stdout } = await runProgram(files, { args: ['time'] });
      if (Math.abs(Number(stdout) - Date.now() / 1000) > 30) throw new Error(stdout);
    },

    async 'reads standard input in a thread: text, bytes, what comes late, a stream'() {
      const lines = Array.from({ length: 60_000 }, (_, i) => `line ${i}\n`).join('');
      const echo = async (stdin) => (await runProgram(files, { args: ['echo'], stdin })).stdout;
      same(await echo(undefined), '');
      same((await echo(lines)) === lines, true, 'text');
      same((await echo(new TextEncoder().encode(lines))) === lines, true, 'bytes');
      same(await echo((async function* late() {
        yield 'early\n';
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield new TextEncoder().encode('la');
        yield '';
        yield 'te';
      })()), 'early\nlate');
      same((await echo(new Blob([lines]).stream())) === lines, true, 'stream');
      const broken = new Error('the source broke');
      const error = await runProgram(files, { args: ['echo'], stdin: (async function* breaks() {
        yield 'x\n';
        throw broken;
      })() }).catch((reason) => reason);
      same(error === broken, true, 'the error of the source');
    },

    async 'hands on output as it comes, and lets the program wait for whoever takes it'() {
      const pieces = [];
      let now = 0;
      let most = 0;
      const stdout = async (bytes) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve));
        pieces.push(text(bytes));
        now--;
      };
      const result = await runProgram(files, { args: ['files'], stdout });
      same([result.stdout, pieces.join(''), most], ['', 'b 0\nc 0\nlink 1\n', 1]);
      const failed = await runProgram(files, { args: ['files'], stdout: () => { throw new Error('full'); } }).catch((error) => error);
      same(failed.message, 'full');
    },

    async 'ends as the program does, from whichever thread'() {
      const exit = await runProgram(posix, { args: ['exit'] });
      same([exit.code, exit.stdout, exit.stderr], [7, 'atexit\n', '']);
      const back = await runProgram(posix, { args: ['return'] });
      same([back.code, back.stdout], [5, 'atexit\n']);
      for (const how of ['trap', 'trap-detached']) {
        const error = await refused('WEFT_ERR_TRAP', () => runProgram(posix, { args: [how] }));
        if (!/^thread \d+ failed: unreachable/.test(error.message) || !/trap_here|wasm-function/.test(error.cause.stack)) throw error;
      }
      await refused('WEFT_ERR_TRAP', () => runProgram(posix, { args: ['abort'] }));
      for (const how of ['overrun', 'overrun-deep', 'overrun-main', 'overrun-main-deep']) {
        const error = await refused('WEFT_ERR_STACK', () => runProgram(posix, { args: [how] }));
        if (!/^(main|thread \d+) failed: the thread overran its stack/.test(error.message)) throw error;
      }
    },

    async 'ends by its signal'() {
      const end = new AbortController();
      const running = runProgram(files, { args: ['sleep'], signal: end.signal, stdout: () => end.abort() });
      await refused('WEFT_ERR_CANCELLED', () => running);
      await refused('WEFT_ERR_CANCELLED', () => runProgram(files, { signal: end.signal }));
      const flood = new AbortController();
      let seen = 0;
      await refused('WEFT_ERR_CANCELLED', () => runProgram(files, { args: ['flood'], signal: flood.signal, stdout: () => {
        if (++seen === 1000) flood.abort();
      } }));
    },

    async 'says what is wrong'() {
      for (const [code, program, options, message] of [
        ['WEFT_ERR_INVALID', undefined, {}, /the program must be/],
        ['WEFT_ERR_INVALID', files, { args: 'files' }, /args must be an array of strings/],
        ['WEFT_ERR_INVALID', files, { env: { a: 1 } }, /env must be/],
        ['WEFT_ERR_INVALID', files, { stdin: 7 }, /stdin must be/],
        ['WEFT_ERR_INVALID', files, { stdout: 'x' }, /stdout must be a function/],
        ['WEFT_ERR_INVALID', files, { memoryBytes: 1 }, /memoryBytes must be/],
        ['WEFT_ERR_INVALID', files, { files: { '../x': '' } }, /a path in files/],
        ['WEFT_ERR_INVALID', files, { files: { x: 1 } }, /files\["x"\] must be/],
        ['WEFT_ERR_INVALID', files, { files: { x: '', 'x/y': '' } }, /x\/y cannot be made/],
        ['WEFT_ERR_MODULE', at('none.wasm'), {}, /none\.wasm/],
        ['WEFT_ERR_MODULE', at('functions.wasm'), {}, /has no main/],
        ['WEFT_ERR_MODULE', new TextEncoder().encode('hello'), {}, /not a WebAssembly module/],
      ]) {
        const error = await refused(code, () => runProgram(program, options));
        if (!message.test(error.message)) throw error;
      }
    },

    async 'runs many at once'() {
      const codes = await Promise.all(Array.from({ length: 4 }, () => runProgram(posix, { args: ['exit'], memoryBytes: 2 ** 26, fileBytes: 2 ** 26 })));
      same(codes.map(({ code }) => code), [7, 7, 7, 7]);
    },
  };
}
