import { defineSuite } from './suite.js';

defineSuite('chromium');
