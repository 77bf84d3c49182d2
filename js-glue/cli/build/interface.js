import { keyOf } from './ctype.js';

/**
 * What clang says about a source: the functions that it defines, with the names and types of
 * their parameters, and how the structs lie in memory. A struct, union or enum goes by its tag, or,
 * if it has none, by its place in the source.
 *
 * @typedef {{ name: string, type: string }} Parameter
 * @typedef {{ name: string, result: string, params: Parameter[], comment?: string }} Definition
 * @typedef {{ name: string, type: string, offset: number }} Field  no name: its members are those
 *   of the struct around it
 * @typedef {{ union: boolean, bytes: number, fields: Field[] }} RecordLayout
 * @typedef {{ packed: boolean, values: Record<string, number> }} EnumValues
 *
 * @typedef {object} Facts
 * @property {Definition[]} functions
 * @property {Record<string, { type: string, record?: string }>} typedefs  record: the struct or
 *   enum that it names
 * @property {Record<string, RecordLayout>} records
 * @property {Record<string, EnumValues>} enums
 */

/** Clang's options for the text that `digest` reads: the layouts, then the syntax tree. */
export const DESCRIBE = ['-Xclang', '-ast-dump=json', '-Xclang', '-fdump-record-layouts-complete', '-fparse-all-comments'];

/** @param {any} node  of a comment  @returns {string} */
function commentText(node) {
  if (node.kind === 'TextComment') return node.text.trim();
  const parts = (node.inner ?? []).map(commentText).filter(Boolean);
  return parts.join(node.kind === 'FullComment' ? '\n\n' : '\n');
}

/** @param {any} node  of a function  @returns {Definition} */
function define({ name, type, inner }) {
  const comment = inner.find((/** @type {any} */ { kind }) => kind === 'FullComment');
  return {
    name,
    result: type.qualType.slice(0, type.qualType.indexOf('(')).trim(),
    params: inner.filter((/** @type {any} */ { kind }) => kind === 'ParmVarDecl')
      .map((/** @type {any} */ part, /** @type {number} */ index) => ({ name: part.name ?? `argument${index + 1}`, type: part.type.qualType })),
    ...(comment ? { comment: commentText(comment) } : {}),
  };
}

/**
 * The places of structs and enums without a tag, by their ids. A location leaves out the file and
 * line that it has in common with the one before it, so all of them have to be read in their order.
 *
 * @param {any} tree  @returns {Map<string, string>}
 */
function findPlaces(tree) {
  const places = new Map();
  let [file, line] = ['', 0];
  /** @param {any} node */
  const visit = (node) => {
    if (typeof node.offset === 'number') {
      file = node.file ?? file;
      line = node.line ?? line;
    }
    for (const [key, value] of Object.entries(node)) {
      if (typeof value !== 'object' || value === null) continue;
      visit(value);
      if (key === 'loc' && !node.name && /^(?:Record|Enum)Decl$/.test(node.kind)) {
        places.set(node.id, `${file}:${line}:${(value.expansionLoc ?? value).col}`);
      }
    }
  };
  visit(tree);
  return places;
}

/** The struct or enum that a typedef names. @param {any[]} [inner]  @returns {{ id: string, name: string } | undefined} */
function findRecord(inner = []) {
  for (const part of inner) {
    if (part.kind === 'PointerType' || part.kind === 'FunctionProtoType' || part.kind === 'ConstantArrayType') continue;
    const found = /^(?:Record|Enum)Decl$/.test(part.decl?.kind) ? part.decl : findRecord(part.inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param {any} node  @returns {EnumValues} */
function readEnum({ inner = [], fixedUnderlyingType }) {
  /** @type {Record<string, number>} */
  const values = {};
  let next = 0;
  for (const part of inner) {
    if (part.kind !== 'EnumConstantDecl') continue;
    const given = part.inner?.find((/** @type {any} */ { value }) => value !== undefined);
    values[part.name] = given ? Number(given.value) : next;
    next = values[part.name] + 1;
  }
  const packed = inner.some((/** @type {any} */ { kind }) => kind === 'PackedAttr');
  return { packed: packed || fixedUnderlyingType !== undefined, values };
}

/** @param {string} text  JSON  @returns {Omit<Facts, 'records'>} */
function readTree(text) {
  const tree = JSON.parse(text);
  const places = findPlaces(tree);
  /** @type {Omit<Facts, 'records'>} */
  const facts = { functions: [], typedefs: {}, enums: {} };
  for (const node of tree.inner) {
    const { kind, name, storageClass, inner, type, id } = node;
    if (kind === 'FunctionDecl' && storageClass !== 'static' && inner?.some((/** @type {any} */ part) => part.kind === 'CompoundStmt')) {
      facts.functions.push(define(node));
    } else if (kind === 'TypedefDecl') {
      const record = findRecord(inner);
      facts.typedefs[name] = { type: type.qualType, ...(record ? { record: places.get(record.id) ?? record.name } : {}) };
    } else if (kind === 'EnumDecl' && inner) {
      facts.enums[name || (places.get(id) ?? '')] = readEnum(node);
    }
  }
  return facts;
}

/**
 * One layout: lines of offset, bar, type and name, indented by depth. The members of members
 * have layouts of their own.
 *
 * @param {string} block  @returns {{ key: string, layout: RecordLayout }}
 */
function readLayout(block) {
  const [head, ...lines] = block.split('\n').filter((line) => /^ *[\d:-]* \| /.test(line));
  const title = /\| (.*)$/.exec(head)?.[1] ?? '';
  /** @type {RecordLayout} */
  const layout = { union: title.startsWith('union '), bytes: 0, fields: [] };
  for (const line of lines) {
    const [, offset, bits, indent, rest] = /^ *(\d*)(:[\d-]*)? \| ( *)(.*?) *$/.exec(line) ?? [];
    const size = /^\[sizeof=(\d+)/.exec(rest ?? '');
    if (size) layout.bytes = Number(size[1]);
    if (!offset || bits || indent.length !== 2) continue; // a bit field has no address
    const unnamed = /\((?:unnamed|anonymous)[^()]*\)$/.test(rest);
    const at = rest.lastIndexOf(' ');
    layout.fields.push(unnamed ? { name: '', type: rest, offset: Number(offset) }
      : { name: rest.slice(at + 1), type: rest.slice(0, at), offset: Number(offset) });
  }
  return { key: keyOf(title), layout };
}

/** @param {string} text  @returns {Record<string, RecordLayout>} */
function readLayouts(text) {
  /** @type {Record<string, RecordLayout>} */
  const records = {};
  const twice = new Set();
  for (const block of text.split('*** Dumping AST Record Layout').slice(1)) {
    const { key, layout } = readLayout(block);
    if (Object.hasOwn(records, key) && JSON.stringify(records[key]) !== JSON.stringify(layout)) twice.add(key);
    records[key] = layout;
  }
  for (const key of twice) delete records[key]; // two functions have each one of that name
  return records;
}

/**
 * @param {string} text  what clang prints with DESCRIBE  @returns {string} Facts, as JSON
 */
export function digest(text) {
  const start = text.startsWith('{') ? 0 : text.indexOf('\n{\n') + 1;
  const end = text.lastIndexOf('\n}') + 2;
  const records = readLayouts(`${text.slice(0, start)}\n${text.slice(end)}`);
  return JSON.stringify({ ...readTree(text.slice(start, end)), records });
}
