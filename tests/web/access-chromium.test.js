import { defineAccess } from './access.js';

defineAccess('chromium');
