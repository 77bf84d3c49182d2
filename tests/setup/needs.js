// What each target needs, how to see whether it is there, and the Debian packages that bring it.

import { existsSync } from 'node:fs';
import { ask, has } from './run.js';

/** Presets of CMakePresets.json, in the order in which they are built. */
export const TARGETS = ['native', 'native-asan', 'native-tsan', 'native-mpi', 'wasi', 'emscripten'];

const CLANGS = ['clang-19', 'clang-20', 'clang-21', 'clang-22', 'clang-18', 'clang-17', 'clang-16',
  'clang-15', 'clang-14', 'clang'];

/** The same question as weft_find_wasi_clang asks in wasm/wasi.cmake, and the C library. */
function hasWasi() {
  return CLANGS.some((clang) => {
    const answer = (...args) => ask(clang, ['--target=wasm32-wasi', ...args]) ?? '';
    return existsSync(answer('-rtlib=compiler-rt', '-print-libgcc-file-name')) &&
      existsSync(answer('-print-prog-name=wasm-ld')) &&
      (existsSync(answer('-print-file-name=libc.a')) || process.env.WASI_SYSROOT !== undefined);
  });
}

function hasCmake() {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(ask('cmake', ['--version']) ?? '') ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 25);
}

/** The first of several sets of packages that this Debian has. */
function firstKnown(...sets) {
  return sets.find((packages) => packages.every((name) =>
    (ask('apt-cache', ['policy', name]) ?? '').includes('Candidate: ') &&
    !(ask('apt-cache', ['policy', name]) ?? '').includes('Candidate: (none)'))) ?? sets[0];
}

/**
 * @typedef {object} Need
 * @property {string} what  for people
 * @property {string[]} targets  that cannot do without it; empty: all work without it
 * @property {() => boolean} there
 * @property {() => string[]} packages
 */

/** @type {Need[]} */
export const NEEDS = [
  { what: 'CMake 3.25 or newer', targets: TARGETS, there: hasCmake, packages: () => ['cmake'] },
  { what: 'ninja', targets: TARGETS, there: () => has('ninja'), packages: () => ['ninja-build'] },
  {
    what: 'a C compiler',
    targets: ['native', 'native-asan', 'native-tsan', 'native-mpi'],
    there: () => has('cc'),
    packages: () => ['gcc', 'libc6-dev'],
  },
  {
    what: 'MPI, for weft::mpi', // any: CMake takes what mpicc and mpiexec belong to
    targets: ['native-mpi'],
    there: () => has('mpicc') && has('mpiexec'),
    packages: () => ['libopenmpi-dev', 'openmpi-bin', 'iproute2'], // the last for two network namespaces
  },
  {
    what: 'clang, lld, compiler-rt and wasi-libc for wasm32-wasi',
    targets: ['wasi'],
    there: hasWasi,
    packages: () => ['wasi-libc', ...firstKnown(
      ['clang-19', 'lld-19', 'libclang-rt-19-dev-wasm32'],
      ['clang-14', 'lld-14', 'llvm-14', 'libclang-rt-14-dev-wasm32'],
    )],
  },
  {
    what: 'Emscripten',
    targets: ['emscripten'],
    there: () => has('emcc') && has('em-config'),
    packages: () => ['emscripten'],
  },
];

// The npm packages of package.json, all for development only:
//   typescript, @types/node          the type check, and the package's declarations
//   esbuild                          bundles the package (js-glue/bundle.js)
//   wabt                             reads wasm in tests
//   fast-check                       property tests of bad input
//   puppeteer-core                   drives both browsers (tests/web)
//   axe-core                         looks for what keeps people out of the demo
//   bullmq, ioredis                  what weft/cluster works by, over Redis
//   piscina, tinypool, workerpool, poolifier, comlink    what bench:js compares weft with
// tests/setup/ports/ pins those whose C sources tests/ports builds:
//   zstd-napi, argon2, better-sqlite3    zstd, Argon2, SQLite: each starts POSIX threads
// tests/setup/compiler/ pins @yowasp/clang, the compiler of weft build where there is no clang.
// tests/setup/nodes/ pins two more versions of Node, which the tests run under; bundlers/ those that
// tests/web builds its example applications with.

/** Only the tests of ports': that others read what is compressed here. @type {Need} */
export const ZSTD = {
  what: 'zstd, which decompresses what its port has compressed',
  targets: [],
  there: () => has('zstd'),
  packages: () => ['zstd'],
};

/** Only the tests and the benchmark of weft/cluster: what it works by. @type {Need} */
export const REDIS = {
  what: 'redis-server, for weft/cluster',
  targets: [],
  there: () => has('redis-server'),
  packages: () => ['redis-server'],
};

/** The outside reference for BLAKE3, of the ladder and of `weft hash`'s tests. @type {Need} */
export const B3SUM = {
  what: 'b3sum, the reference for BLAKE3',
  targets: [],
  there: () => has('b3sum'),
  packages: () => ['b3sum'],
};

/**
 * The browser tests': that weft runs in a browser can be shown in a browser alone, and two
 * engines differ in what they let threads do.
 * @type {(Need & { engine: string })[]}
 */
export const BROWSERS = [
  { engine: 'chromium', what: 'Chromium', targets: [], there: () => has('chromium'), packages: () => ['chromium'] },
  { engine: 'firefox', what: 'Firefox', targets: [], there: () => has('firefox-esr'), packages: () => ['firefox-esr'] },
];

/** Only the scheduler benchmark's: what weft is compared with. @type {Need[]} */
export const SCHEDULER_PEERS = [
  {
    what: 'a C++ compiler, for oneTBB and std::sort',
    targets: [],
    there: () => has('c++'),
    packages: () => ['g++'],
  },
  {
    what: 'oneTBB',
    targets: [],
    there: () => existsSync('/usr/include/oneapi/tbb.h'),
    packages: () => ['libtbb-dev'],
  },
  {
    what: 'libomp, the OpenMP of clang',
    targets: [],
    there: () => [19, 18, 17, 16, 15, 14].some((version) => has(`clang-${version}`) &&
      existsSync(`/usr/lib/llvm-${version}/lib/libomp.so`)),
    packages: () => firstKnown(['clang-19', 'libomp-19-dev'], ['clang-14', 'libomp-14-dev']),
  },
  {
    what: 'pthreadpool',
    targets: [],
    there: () => existsSync('/usr/include/pthreadpool.h'),
    packages: () => ['libpthreadpool-dev'],
  },
];
