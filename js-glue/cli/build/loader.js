import { STRUCT_CODE, STRUCT_TYPES } from './structs.js';

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {{ name: string, type: string }[]} params  type: of TypeScript
 * @property {{ type: string, from?: string }} result  from: what makes it of what WebAssembly returns
 * @property {string} [comment]
 * @property {string} c  how it is declared in C
 *
 * @typedef {object} Interface
 * @property {string} module  text of an expression: the option of createRuntime
 * @property {Entry[]} functions
 * @property {Map<string, import('./structs.js').StructText>} structs
 * @property {Map<string, Record<string, number>>} enums
 */

const RESERVED = new Set(`await break case catch class const continue debugger default delete do else enum export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return static
  super switch this throw true try typeof var void while with yield arguments eval open opened call place read write sizeOf struct structs
  enums unsigned unsigned64 boolean createRuntime PLACE Promise URL Symbol Object Array Number DataView BigInt`.split(/\s+/));

const local = (/** @type {string} */ name) => (RESERVED.has(name) ? `${name}$` : name);

const RESULTS = /** @type {Record<string, string>} */ ({
  boolean: 'const boolean = (value) => value !== 0;',
  unsigned: 'const unsigned = (value) => value >>> 0;',
  unsigned64: 'const unsigned64 = (value) => BigInt.asUintN(64, value);',
});

/** @param {Interface['enums']} enums  @param {(name: string, value: number) => string} write */
const enumLines = (enums, write) => [...enums].map(([name, values]) =>
  `  ${name}: { ${Object.entries(values).map(([each, value]) => write(each, value)).join(', ')} },`);

/**
 * The text of NAME.js.
 *
 * @param {Interface} facts
 */
export function loaderText({ module, functions, structs, enums }) {
  const lines = ['// Made by `weft build`.', '', 'import { createRuntime } from \'weft\';', '', 'let opened;', '',
    '/** The runtime that the functions below run on. Options count in the first call, which starts it. */',
    'export default function open(options) {',
    `  opened ??= createRuntime({ module: ${module}, ...options }).catch((error) => {`,
    '    opened = undefined;', '    throw error;', '  });', '  return opened;', '}', '',
    'async function call(name, ...args) {', '  const rt = await open();',
    `  return rt.call(name, ...args${structs.size > 0 ? '.map(place)' : ''});`, '}'];
  for (const kind of new Set(functions.flatMap(({ result }) => result.from ?? []))) lines.push(RESULTS[kind]);
  if (structs.size > 0) {
    lines.push(STRUCT_CODE);
    for (const [name, { code }] of structs) lines.push(`const $${name} = ${code};`);
    lines.push('', `export const structs = { ${[...structs.keys()].map((name) => `${name}: $${name}`).join(', ')} };`);
  }
  if (enums.size > 0) lines.push('', 'export const enums = {', ...enumLines(enums, (name, value) => `${name}: ${value}`), '};');
  lines.push('');
  for (const { name, params, result } of functions) {
    const names = params.map((param) => local(param.name)).join(', ');
    const text = `function ${local(name)}(${names}) { return call('${name}'${names && `, ${names}`})${result.from ? `.then(${result.from})` : ''}; }`;
    if (local(name) === name) lines.push(`export ${text}`);
    else lines.push(text, `export { ${local(name)} as ${name} };`);
  }
  return `${lines.join('\n')}\n`;
}

/** @param {string | undefined} comment */
const doc = (comment) => (comment ? `/**\n${comment.split('\n').map((line) => ` * ${line.replaceAll('*/', '* /')}`.trimEnd()).join('\n')}\n */\n` : '');

/**
 * The text of NAME.d.ts.
 *
 * @param {Interface} facts
 */
export function typesText({ functions, structs, enums }) {
  const lines = ['// Made by `weft build`.', '', 'import type { Runtime, RuntimeOptions } from \'weft\';', '',
    '/** An address in the runtime\'s memory, or null. */', 'export type Pointer = number | null;', '',
    '/** The runtime that the functions below run on. Options count in the first call, which starts it. */',
    'export default function open(options?: Omit<RuntimeOptions, \'module\'>): Promise<Runtime>;'];
  if (structs.size > 0) {
    lines.push(STRUCT_TYPES, 'export namespace structs {');
    for (const [name, { type }] of structs) lines.push(`  interface ${name} { readonly [kind]: '${name}'; ${type} }`);
    lines.push('}', '', 'export const structs: {');
    for (const name of structs.keys()) lines.push(`  readonly ${name}: Struct<structs.${name}>;`);
    lines.push('};');
  }
  if (enums.size > 0) {
    lines.push('', 'export const enums: {', ...enumLines(enums, (name, value) => `readonly ${name}: ${value}`).map((line) => `  readonly ${line.trim().replace(/,$/, ';')}`), '};');
  }
  for (const { name, params, result, comment, c } of functions) {
    const list = params.map((param) => `${local(param.name)}: ${param.type}`).join(', ');
    const text = `function ${local(name)}(${list}): Promise<${result.type}>;`;
    lines.push('', `${doc([comment, `\`${c}\``].filter(Boolean).join('\n\n'))}${local(name) === name ? `export ${text}` : `declare ${text}\nexport { ${local(name)} as ${name} };`}`);
  }
  return `${lines.join('\n')}\n`;
}
