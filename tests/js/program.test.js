// runProgram in Node: the scenes that the browsers play too.

import { describe, test } from 'node:test';
import { runProgram } from '../../js-glue/src/program/node.js';
import { createProgramScenes } from '../web/pages/program_scenes.js';
import { LIMIT, fixture, missing } from './support.js';

describe('runProgram', { skip: missing('wasi') }, () => {
  const scenes = createProgramScenes({ runProgram, at: (name) => fixture('wasi', name) });
  for (const [name, scene] of Object.entries(scenes)) test(name, LIMIT, scene);
});
