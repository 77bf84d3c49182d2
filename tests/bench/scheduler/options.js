// The command line of the scheduler benchmark.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PEERS } from './peers.js';
import { SECTIONS } from './sections.js';

const QUICK_ROUNDS = 2;
const SECTION_IDS = SECTIONS.map((section) => section.id);
const PEER_IDS = PEERS.map((peer) => peer.id);
const BUILD_DIR = fileURLToPath(new URL('../../../build/', import.meta.url));

const fold = (names) => names.join(', ').replace(/(.{50,64}?, )/g, `$1\n${' '.repeat(19)}`);

export const USAGE = `usage: npm run bench:scheduler [-- options]

weft's scheduler against oneTBB, libgomp, libomp, pthreadpool and hand-written floors, natively
and as WebAssembly, on two threads, in turns. Every result is checked.

  --only LIST      of ${fold(SECTION_IDS)}
  --peers LIST     of ${fold(PEER_IDS)};
                   serial programs come along where a speed-up needs them
  --rounds N       of each section; default ${Math.min(...SECTIONS.map((s) => s.rounds))} to ${Math.max(...SECTIONS.map((s) => s.rounds))}, by section
  --quick          ${QUICK_ROUNDS} rounds, a look and no measurement
  --build DIR      that holds native/, wasi/ and emscripten/; default build
  --json FILE      default build/scheduler/scheduler.json
  --html FILE      default build/scheduler/scheduler.html
  --help           this text

Exit code: 0 all results right, 1 a wrong result or a failed peer, 2 bad options.`;

/** A mistake on the command line. */
export class UsageError extends Error {}

function list(name, text, known) {
  if (text === undefined) return known;
  const names = text.split(',').map((word) => word.trim()).filter(Boolean);
  const strange = names.find((word) => !known.includes(word));
  if (strange !== undefined || names.length === 0) {
    throw new UsageError(`--${name}: there is no "${strange ?? text}"; known: ${known.join(', ')}`);
  }
  return known.filter((word) => names.includes(word));
}

function count(name, text) {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number from 1 to 999, not "${text}"`);
}

function parse(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  try {
    return parseArgs({
      args,
      options: {
        only: text, peers: text, rounds: text, build: text, json: text, html: text,
        quick: flag, help: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** @param {string[]} args  the arguments after the script's name */
export function readOptions(args) {
  const values = parse(args);
  const out = path.join(BUILD_DIR, 'scheduler');
  return {
    help: values.help,
    only: list('only', values.only, SECTION_IDS),
    peers: list('peers', values.peers, PEER_IDS),
    rounds: count('rounds', values.rounds) ?? (values.quick ? QUICK_ROUNDS : undefined),
    buildDir: path.resolve(values.build ?? BUILD_DIR),
    json: path.resolve(values.json ?? path.join(out, 'scheduler.json')),
    html: path.resolve(values.html ?? path.join(out, 'scheduler.html')),
  };
}
