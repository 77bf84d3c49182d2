import { ThreadWorker } from 'poolifier';
import { spread } from './single_argument.js';

new ThreadWorker(spread);
