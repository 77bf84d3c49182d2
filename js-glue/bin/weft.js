#!/usr/bin/env node
import { isDone } from '../cli/build/done.js';
import { runSmall } from '../cli/run-small.js';

const args = process.argv.slice(2);
const done = runSmall(args) || (args[0] === 'build' && isDone(args.slice(1)));
if (!done) import('../cli/main.js').then(({ main }) => main(args));
