import { createRuntime } from 'weft';

const rt = await createRuntime();
const numbers = rt.share(Float64Array.from({ length: 1000 }, (_, i) => i));
const { square } = await rt.load(new URL('./tasks.js', import.meta.url)); // an entry of its own
await rt.forEach(numbers.length, square, numbers);
document.querySelector('output').textContent = `${rt.info.threads} threads: ${await rt.sum(numbers)}`;
