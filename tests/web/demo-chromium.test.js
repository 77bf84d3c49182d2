import { defineDemo } from './demo.js';

defineDemo('chromium');
