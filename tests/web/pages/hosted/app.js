import { createRuntime } from './weft/dist/browser.js';

const rt = await createRuntime({ threads: 2, memoryBytes: 64 * 2 ** 20 });
const sum = await rt.sum(rt.share(Float64Array.of(1, 2, 3.5)));
globalThis.result = { loads: Number(sessionStorage.getItem('loads')), isolated: crossOriginIsolated, threads: rt.info.threads, reason: rt.info.reason, sum };
document.querySelector('#state').textContent = 'ready';
