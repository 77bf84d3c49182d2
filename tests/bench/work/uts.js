// Unbalanced Tree Search (Olivier et al., LCPC 2006): counts the nodes of a tree that
// exists only as a chain of SHA-1 digests. Tree T1: geometric, fixed shape, 4 children
// expected, 10 levels, seed 19.

import { createHash } from 'node:crypto';
import { makeSha1Of24Bytes } from './hash_code.js';

export const T1 = { branching: 4, depthLimit: 10, seed: 19 };
/** The published counts. */
export const T1_COUNTS = { nodes: 4130071, depth: 10, leaves: 3305118 };

const CHILDREN_MAX = 100;
export const STATE_WORDS = 6; // five words of SHA-1, then the depth

const sha1 = makeSha1Of24Bytes();

/** Writes the root of the tree to states[0..5]. */
export function writeRoot(states, tree = T1) {
  const message = Buffer.alloc(20);
  message.writeUInt32BE(tree.seed, 16);
  const digest = createHash('sha1').update(message).digest();
  for (let i = 0; i < 5; i++) states[i] = digest.readInt32BE(4 * i);
  states[5] = 0;
}

function childCount(word, depth, tree, logOfMiss) {
  if (depth >= tree.depthLimit) return 0;
  const u = (word & 0x7fffffff) / 2147483648;
  return Math.min(CHILDREN_MAX, Math.floor(Math.log(1 - u) / logOfMiss));
}

const logOfMissFor = (tree) => Math.log(1 - 1 / (1 + tree.branching));

/** Counts the subtree whose root is at states[6 * index ..]. */
export function countSubtree(states, index, tree = T1) {
  const logOfMiss = logOfMissFor(tree);
  const path = new Int32Array(5 * (tree.depthLimit + 1)); // the state of each level
  let nodes = 0;
  let leaves = 0;
  let depthSeen = 0;
  const visit = (depth) => {
    const at = 5 * depth;
    nodes++;
    if (depth > depthSeen) depthSeen = depth;
    const count = childCount(path[at + 4], depth, tree, logOfMiss);
    if (count === 0) leaves++;
    for (let i = 0; i < count; i++) {
      sha1(path, at + 5, path, at, i);
      visit(depth + 1);
    }
  };
  const from = STATE_WORDS * index;
  const depth = states[from + 5];
  path.set(states.subarray(from, from + 5), 5 * depth);
  visit(depth);
  return { nodes, leaves, depth: depthSeen };
}

/** Counts the whole tree. */
export function countTree(tree = T1) {
  const root = new Int32Array(STATE_WORDS);
  writeRoot(root, tree);
  return countSubtree(root, 0, tree);
}

/**
 * Opens the tree level by level until at least `wanted` nodes wait to be visited.
 * Returns their states and the counts of what has been visited on the way.
 */
export function expand(wanted, tree = T1) {
  const logOfMiss = logOfMissFor(tree);
  const counts = { nodes: 0, leaves: 0, depth: 0 };
  let level = new Int32Array(STATE_WORDS);
  writeRoot(level, tree);
  while (level.length > 0 && level.length < wanted * STATE_WORDS) {
    const next = [];
    for (let at = 0; at < level.length; at += STATE_WORDS) {
      const depth = level[at + 5];
      const count = childCount(level[at + 4], depth, tree, logOfMiss);
      counts.nodes++;
      counts.depth = Math.max(counts.depth, depth);
      if (count === 0) counts.leaves++;
      for (let i = 0; i < count; i++) {
        const child = new Int32Array(STATE_WORDS);
        sha1(child, 0, level, at, i);
        child[5] = depth + 1;
        next.push(...child);
      }
    }
    level = Int32Array.from(next);
  }
  return { states: level, counts };
}

/** Adds the counts `more` to `counts`. */
export function addCounts(counts, more) {
  counts.nodes += more.nodes;
  counts.leaves += more.leaves;
  counts.depth = Math.max(counts.depth, more.depth);
  return counts;
}
