// What the command lines of `npm start`, `npm test`, `npm run build` and the benchmarks share.

import { parseArgs } from 'node:util';
import { TARGETS } from './needs.js';
import { SetupError } from './setup.js';

/** A mistake on the command line. */
export class UsageError extends Error {}

/** What parseArgs of node:util makes of a command line; its complaints become UsageErrors. */
export function parse(config) {
  try {
    return parseArgs(config).values;
  } catch (error) {
    throw new UsageError(error.message.replace(/\. To specify a positional.*/s, ''));
  }
}

const HELP_TARGETS = `  --targets LIST  of ${TARGETS.join(', ')}; default: all that this machine can have`;

/**
 * @param {string[]} args
 * @param {object} rules
 * @param {string} rules.usage
 * @param {string[]} [rules.known]  targets to choose from
 * @param {Record<string, { type: 'string' }>} [rules.options]  further options
 * @param {string[]} [rules.help]  lines about them
 */
export function readCommandLine(args, { usage, known = TARGETS, options = {}, help = [] }) {
  const values = parse({ args, options: { targets: { type: 'string' }, help: { type: 'boolean' }, ...options } });
  if (values.help) {
    console.log([`usage: ${usage}`, '', HELP_TARGETS, ...help].join('\n'));
    process.exit(0);
  }
  const explicit = values.targets !== undefined;
  return { ...values, explicit, targets: explicit ? readTargets(values.targets, known) : known };
}

/** @param {string} list  @param {string[]} known */
export function readTargets(list, known) {
  const names = list.split(',').map((name) => name.trim()).filter((name) => name !== '');
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined || names.length === 0) {
    throw new UsageError(`--targets: there is no "${strange ?? list}"; known: ${known.join(', ')}`);
  }
  return known.filter((name) => names.includes(name));
}

/** Runs a command to its exit code; mistakes of the user and of the machine get no stack. */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError) && !(error instanceof UsageError)) throw error;
    const wrongUse = error instanceof UsageError;
    console.error(wrongUse ? `${error.message}\nTry --help.` : `\n${error.message}`);
    process.exitCode = wrongUse ? 2 : 1;
  }
}
