import { move } from 'piscina';
import { spread } from './single_argument.js';

export const { empty, double, doubled, draw, meet, add, fail, exit, loop, exhaust } = spread;
export const moved = (args) => move(doubled(args));
