import { defineDemo } from './demo.js';

defineDemo('firefox');
