#!/usr/bin/env node
import { runSmall } from '../cli/run-small.js';

const args = process.argv.slice(2);
if (!runSmall(args)) import('../cli/main.js').then(({ main }) => main(args));
