import { argumentType, pointedStruct, resolve, resultType, scalarOf } from './ctype.js';

/**
 * @typedef {import('./interface.js').Definition} Definition
 * @typedef {import('./interface.js').Field} Field
 * @typedef {import('./interface.js').Struct} Struct
 * @typedef {Definition & { letters: string, resultLetter: string }} Entry
 *
 * @typedef {object} Interface
 * @property {string} file  the module beside the loader
 * @property {Entry[]} functions
 * @property {Record<string, Struct>} structs  every one that clang has laid out
 * @property {import('./ctype.js').Typedefs} typedefs
 */

const RESERVED = new Set(`await break case catch class const continue debugger default delete do else enum export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return static
  super switch this throw true try typeof var void while with yield arguments eval open call structs Promise URL`.split(/\s+/));

const local = (/** @type {string} */ name) => (RESERVED.has(name) ? `${name}$` : name);

/**
 * One field of a view: a scalar, an array of scalars, or a struct of its own.
 * @typedef {{ name: string, offset: number, view?: string, count?: number, type: string, inner?: Member[] }} Member
 */

/** @param {Field[]} fields  @param {number} start  @param {import('./ctype.js').Typedefs} typedefs  @returns {Member[]} */
function members(fields, start, typedefs) {
  return fields.flatMap(({ name, type, offset, inner }) => {
    const at = offset - start;
    if (name === '') return members(inner, start, typedefs);
    if (inner.length > 0) {
      const parts = members(inner, offset, typedefs);
      return [{ name, offset: at, inner: parts, type: `{ ${parts.map((part) => `${part.name}: ${part.type}`).join(', ')} }` }];
    }
    const [, element, count] = /^(.*?) ?\[(\d+)\]$/.exec(type) ?? [];
    const found = scalarOf(resolve(element ?? type, typedefs));
    if (!found) return []; // more than one dimension, or an array of structs
    return element === undefined
      ? [{ name, offset: at, view: found.view, type: found.type }]
      : [{ name, offset: at, view: found.view, count: Number(count), type: `${found.view}Array` }];
  });
}

/** @param {Interface} facts  @returns {{ name: string, bytes: number, members: Member[] }[]} those that functions take */
function usedStructs({ functions, structs, typedefs }) {
  const names = new Set(functions.flatMap(({ params }) => params.flatMap(({ type }) => pointedStruct(resolve(type, typedefs)) ?? [])));
  return [...names].filter((name) => structs[name] !== undefined).sort().map((name) => ({
    name, bytes: structs[name].bytes, members: members(structs[name].fields, 0, typedefs),
  }));
}

/** @param {Member[]} list  @returns {string} */
function memberText(list) {
  return list.map(({ name, offset, view, count, inner }) => {
    if (inner) return `${name}: [${offset}, { ${memberText(inner)} }]`;
    return `${name}: [${offset}, '${view}'${count === undefined ? '' : `, ${count}`}]`;
  }).join(', ');
}

const STRUCT_CODE = `
function view(buffer, at, members) {
  const data = new DataView(buffer);
  const object = {};
  for (const [name, [offset, kind, count]] of Object.entries(members)) {
    const place = at + offset;
    if (typeof kind === 'object') {
      Object.defineProperty(object, name, { enumerable: true, value: view(buffer, place, kind) });
    } else if (count !== undefined) {
      Object.defineProperty(object, name, { enumerable: true, value: new globalThis[kind + 'Array'](buffer, place, count) });
    } else {
      Object.defineProperty(object, name, {
        enumerable: true,
        get: () => data['get' + kind](place, true),
        set: (value) => data['set' + kind](place, value, true),
      });
    }
  }
  return object;
}

const struct = (bytes, members) => ({
  bytes,
  async create(count = 1) {
    const rt = await open();
    const memory = rt.array(Uint8Array, bytes * count).fill(0);
    const items = Array.from({ length: count }, (_, i) => view(memory.buffer, memory.byteOffset + i * bytes, members));
    return Object.assign(items, { memory, free: () => rt.free(memory) });
  },
});
`;

/**
 * The text of NAME.js.
 *
 * @param {Interface} facts
 */
export function loaderText(facts) {
  const structs = usedStructs(facts);
  const lines = ['// Made by `weft build`.', '', 'import { createRuntime } from \'weft\';', '', 'let opened;', '',
    '/** The runtime that the functions below run on. Options count in the first call, which starts it. */',
    'export default function open(options) {',
    `  opened ??= createRuntime({ module: new URL('./${facts.file}', import.meta.url), ...options }).catch((error) => {`,
    '    opened = undefined;', '    throw error;', '  });', '  return opened;', '}', '',
    'async function call(name, ...args) {', '  const rt = await open();',
    structs.length > 0 ? '  return rt.call(name, ...args.map((value) => value?.memory ?? value));' : '  return rt.call(name, ...args);', '}'];
  if (structs.length > 0) {
    lines.push(STRUCT_CODE, 'export const structs = {');
    for (const { name, bytes, members: list } of structs) lines.push(`  ${name}: /* @__PURE__ */ struct(${bytes}, { ${memberText(list)} }),`);
    lines.push('};');
  }
  lines.push('');
  for (const { name, params } of facts.functions) {
    const names = params.map((param) => local(param.name)).join(', ');
    const text = `function ${local(name)}(${names}) { return call('${name}'${names && `, ${names}`}); }`;
    if (local(name) === name) lines.push(`export ${text}`);
    else lines.push(text, `export { ${local(name)} as ${name} };`);
  }
  return `${lines.join('\n')}\n`;
}

const STRUCT_TYPES = `
/** Structs in the runtime's memory, one after the other. Passes as a pointer to the first. */
export type StructView<T = object> = T[] & { readonly memory: Uint8Array, free(): void };

export interface Struct<T> {
  /** sizeof */
  readonly bytes: number;
  /** Zeroed ones; \`free\` gives their memory back. */
  create(count?: number): Promise<StructView<T>>;
}
`;

/** @param {string | undefined} comment */
const doc = (comment) => (comment ? `/**\n${comment.split('\n').map((line) => ` * ${line.replaceAll('*/', '* /')}`.trimEnd()).join('\n')}\n */\n` : '');

/**
 * The text of NAME.d.ts.
 *
 * @param {Interface} facts
 */
export function typesText(facts) {
  const { functions, typedefs } = facts;
  const structs = usedStructs(facts);
  const names = new Set(structs.map(({ name }) => name));
  const lines = ['// Made by `weft build`.', '', 'import type { Runtime, RuntimeOptions } from \'weft\';', '',
    '/** An address in the runtime\'s memory, or null. */', 'export type Pointer = number | null;', '',
    '/** The runtime that the functions below run on. Options count in the first call, which starts it. */',
    'export default function open(options?: Omit<RuntimeOptions, \'module\'>): Promise<Runtime>;'];
  if (structs.length > 0) {
    lines.push(STRUCT_TYPES, 'export const structs: {');
    for (const { name, members: list } of structs) {
      lines.push(`  readonly ${name}: Struct<{ ${list.map((member) => `${member.count !== undefined || member.inner ? 'readonly ' : ''}${member.name}: ${member.type}`).join(', ')} }>;`);
    }
    lines.push('};');
  }
  for (const { name, params, result, comment, letters, resultLetter } of functions) {
    const list = params.map((param, index) => `${local(param.name)}: ${argumentType(resolve(param.type, typedefs), letters[index], names)}`).join(', ');
    const c = `${result} ${name}(${params.map((param) => `${param.type} ${param.name}`).join(', ') || 'void'})`;
    const text = `function ${local(name)}(${list}): Promise<${resultType(resultLetter)}>;`;
    lines.push('', `${doc([comment, `\`${c}\``].filter(Boolean).join('\n\n'))}${local(name) === name ? `export ${text}` : `declare ${text}\nexport { ${local(name)} as ${name} };`}`);
  }
  return `${lines.join('\n')}\n`;
}
