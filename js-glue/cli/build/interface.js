/**
 * What clang says about a source: the functions that it defines, with the names and types of
 * their parameters, and how the structs lie in memory.
 *
 * @typedef {{ name: string, type: string }} Parameter
 * @typedef {{ name: string, result: string, params: Parameter[], comment?: string }} Definition
 * @typedef {{ name: string, type: string, offset: number, inner: Field[] }} Field
 * @typedef {{ union: boolean, bytes: number, fields: Field[] }} Struct
 */

/** Clang's options for the two texts. */
export const AST = ['-Xclang', '-ast-dump=json', '-fparse-all-comments'];
export const LAYOUT = ['-Xclang', '-fdump-record-layouts-complete'];

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
 * The functions that a source defines for others, and what its typedefs stand for.
 *
 * @param {string} text  the syntax tree as JSON  @returns {string} as JSON
 */
export function digestAst(text) {
  /** @type {any[]} */
  const nodes = JSON.parse(text).inner;
  const functions = nodes.filter(({ kind, storageClass, inner }) => kind === 'FunctionDecl' && storageClass !== 'static' &&
    inner?.some((/** @type {any} */ part) => part.kind === 'CompoundStmt')).map(define);
  const typedefs = Object.fromEntries(nodes.filter(({ kind }) => kind === 'TypedefDecl').map(({ name, type }) => [name, type.qualType]));
  /** @type {Record<string, string>} */
  const unnamed = {};
  const records = new Map(nodes.filter(({ kind, name }) => kind === 'RecordDecl' && !name).map((node) => [node.id, node]));
  for (const { kind, name, inner } of nodes) {
    const record = kind === 'TypedefDecl' ? records.get(findRecord(inner)) : undefined;
    if (record) {
      unnamed[name] = shape((record.inner ?? []).filter((/** @type {any} */ part) => part.kind === 'FieldDecl' && !part.isBitfield)
        .map((/** @type {any} */ part) => ({ type: part.type.qualType, name: part.name ?? '' })));
    }
  }
  return JSON.stringify({ functions, typedefs, unnamed });
}

/** The id of the struct that a typedef names. @param {any[]} [inner]  @returns {string | undefined} */
function findRecord(inner = []) {
  for (const part of inner) {
    const id = part.decl?.kind === 'RecordDecl' ? part.decl.id : findRecord(part.inner);
    if (id !== undefined) return id;
  }
  return undefined;
}

/**
 * Stands for an unnamed struct, which clang lays out before its typedef gives it a name: those
 * with the same members are laid out alike.
 *
 * @param {{ type: string, name: string }[]} fields
 */
const shape = (fields) => `(${fields.map(({ type, name }) => `${type} ${name}`.replace(/ /g, '')).join(',')})`;

/** @param {string} type */
const tag = (type) => type.replace(/^(?:struct|union) /, '');

/**
 * The layouts, by name of the struct.
 *
 * @param {string} text  lines of offset, bar, type and name, indented by depth  @returns {string} as JSON
 */
export function digestLayouts(text) {
  /** @type {Record<string, Struct>} */
  const structs = {};
  for (const block of text.split('*** Dumping AST Record Layout').slice(1)) {
    const [head, ...lines] = block.split('\n').filter((line) => /^ *[\d:-]* \| /.test(line));
    const title = /\| (.*)$/.exec(head)?.[1] ?? '';
    /** @type {Field[][]} */
    const open = [[]];
    let bytes = 0;
    for (const line of lines) {
      const [, offset, bits, indent, rest] = /^ *(\d*)(:[\d-]*)? \| ( *)(.*)$/.exec(line) ?? [];
      const size = /^\[sizeof=(\d+)/.exec(rest ?? '');
      if (size) bytes = Number(size[1]);
      if (!offset || bits) continue; // a bit field has no address
      const depth = indent.length / 2;
      const at = rest.lastIndexOf(' ');
      // An unnamed member has its type alone; its fields are those of the struct around it.
      const unnamed = rest.endsWith(')');
      const field = { name: unnamed ? '' : rest.slice(at + 1), type: unnamed ? rest : rest.slice(0, at), offset: Number(offset), inner: [] };
      open[depth - 1]?.push(field);
      open[depth] = field.inner;
    }
    const name = /[ (](?:unnamed|anonymous) /.test(title) ? shape(open[0]) : tag(title);
    structs[name] = { union: title.startsWith('union '), bytes, fields: open[0] };
  }
  return JSON.stringify(structs);
}
