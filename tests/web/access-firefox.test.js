import { defineAccess } from './access.js';

defineAccess('firefox');
