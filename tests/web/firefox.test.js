import { defineSuite } from './suite.js';

defineSuite('firefox');
