import { readFileSync } from 'node:fs';
import { argumentType, parseType, resultOf } from './ctype.js';
import { compile, compileArguments } from './compile.js';
import { DESCRIBE, digest } from './interface.js';
import { Structs } from './structs.js';

/** @typedef {import('./interface.js').Facts} Facts */

/**
 * What the compiler says about each source; failures count when the source has compiled.
 *
 * @param {import('./options.js').Job} job  @param {import('./compile.js').Tools} tools
 * @returns {Promise<{ source: string, code: number, notes: string, file: string }[]>}
 */
export function readSources(job, tools) {
  const args = [...compileArguments(job, tools), '-w', ...DESCRIBE]; // compiling gives the warnings
  return Promise.all(job.sources.map(async (source) => ({ source, ...await compile(job, tools, source, args, '-fsyntax-only', digest) })));
}

/**
 * What JavaScript can call and with what, of what the sources define and the module exports.
 *
 * @param {Awaited<ReturnType<typeof readSources>>} sources
 * @param {Map<string, { params: string, result: string }>} callables  of the module, as letters
 * @returns {Omit<import('./loader.js').Interface, 'module'> & { notes: string[] }}
 */
export function describe(sources, callables) {
  /** @type {ReturnType<typeof describe>} */
  const all = { functions: [], structs: new Map(), enums: new Map(), notes: [] };
  const clashing = new Set();
  const parts = sources.map(({ source, code, notes, file }) => {
    if (code !== 0) throw new Error(`the compiler cannot describe ${source}\n${notes}`);
    /** @type {Facts} */
    const facts = JSON.parse(readFileSync(file, 'utf8'));
    const structs = new Structs(facts);
    const functions = facts.functions.flatMap((each) => {
      const entry = callables.get(each.name);
      return entry ? readFunction(each, entry, facts, structs, all.notes) : [];
    });
    for (const [name, text] of structs.texts) {
      if ((all.structs.get(name) ?? text).code !== text.code) clashing.add(name);
      all.structs.set(name, text);
    }
    for (const [name, values] of structs.enums) all.enums.set(name, values);
    return { facts, structs, functions };
  });
  for (const name of clashing) {
    throw new Error(`the sources have different structs ${name}: functions of one module must mean the same by a name`);
  }
  for (const { facts, structs, functions } of parts) {
    const nameOf = (/** @type {string} */ key) => structs.nameOf(key);
    for (const { name, comment, params, result, types, resultType, letters } of functions) {
      all.functions.push({
        name,
        ...(comment === undefined ? {} : { comment }),
        params: params.map((param, index) => ({ name: param.name, type: argumentType(types[index], letters.params[index], facts, nameOf) })),
        result: resultOf(resultType, letters.result, facts),
        c: `${result} ${name}(${params.map((param) => `${param.type} ${param.name}`).join(', ') || 'void'})`,
      });
    }
  }
  return all;
}

/**
 * @param {import('./interface.js').Definition} definition  @param {{ params: string, result: string }} letters
 * @param {Facts} facts  @param {Structs} structs  @param {string[]} notes
 */
function readFunction(definition, letters, facts, structs, notes) {
  const types = definition.params.map(({ type }) => parseType(type, facts));
  const resultType = parseType(definition.result, facts);
  // What is too large for an argument has become something else.
  const passes = letters.params.length === types.length && ![...types, resultType].some(({ kind }) => kind === 'record');
  if (!passes) {
    notes.push(`${definition.name} cannot be called from JavaScript: it takes or returns a struct, a long double or a variable number of arguments; a pointer to a struct is fine`);
    return [];
  }
  for (const type of [...types, resultType]) structs.use(type);
  return [{ ...definition, types, resultType, letters }];
}
