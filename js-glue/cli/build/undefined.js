/** What there cannot be in WebAssembly, for those who declare it themselves or whose library does. */

const REASONS = /** @type {[RegExp, string][]} */ ([
  [/^(?:_?fork|vfork|exec[lv]p?e?|execvpe|posix_spawnp?|waitpid|wait[34]?|system|popen|pclose)$/, 'WebAssembly has no processes: run it in a thread, or leave it to the host'],
  [/^(?:sigaction|signal|raise|kill|sigprocmask|pthread_sigmask|pthread_kill|sigwait|sigwaitinfo|sigtimedwait|sigsuspend|sigaltstack|alarm|setitimer|pause)$/, 'WebAssembly has no signals: use a flag, a condition variable or a time limit'],
  [/^(?:socket|bind|listen|connect|socketpair|getaddrinfo|gethostbyname|select)$/, 'WebAssembly has no sockets here: leave the network to JavaScript'],
  [/^(?:mmap|munmap|mprotect|shm_open|dlopen|dlsym)$/, 'WebAssembly maps no files and loads no libraries: use read, and link statically'],
  [/^_?(?:setjmp|longjmp|sigsetjmp|siglongjmp|__wasm_(?:setjmp|longjmp))$/, 'there is no setjmp in this C library: return error codes'],
  [/^(?:main|__main_void|__main_argc_argv)$/, 'a program has a main(); without --program it is a module'],
  [/^weft_/, 'its header and its library are of different versions: reinstall weft'],
]);

/** What a clang without one of its parts says, and the part. */
const PARTS = /** @type {[RegExp, string, (version: string) => string][]} */ ([
  [/cannot open \S*clang\/(\d*)\S*libclang_rt\.builtins-wasm32\.a/, 'library', (version) => `libclang-rt${version && `-${version}`}-dev-wasm32`],
  [/(?:unable to execute command|invalid linker name)[^\n]*wasm-ld(?:-(\d+))?/, 'linker', (version) => `lld${version && `-${version}`}`],
]);

/** @param {string} notes  of the linker */
function whatLacks(notes) {
  return PARTS.map(([pattern, part, name]) => {
    const found = pattern.exec(notes);
    return found ? `weft: this clang lacks its ${part} for WebAssembly: on Debian and Ubuntu apt-get install ${name(found[1] ?? '')}, or let WEFT_CC name another compiler\n` : '';
  }).join('');
}

/** @param {string} notes  of the linker  @returns {string}  what to add to them */
export function explainNotes(notes) {
  return whatLacks(notes) + whyUndefined(notes);
}

/** @param {string} notes */
function whyUndefined(notes) {
  const names = new Set([...notes.matchAll(/undefined (?:symbol: |reference to [`'"])([\w.]+)/g)].map(([, name]) => name));
  return [...names].flatMap((name) => {
    const found = REASONS.find(([pattern]) => pattern.test(name));
    return found ? [`weft: ${name}: ${found[1]}\n`] : [];
  }).join('');
}
