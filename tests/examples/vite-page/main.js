import open, { julia, structs } from './julia.js';

const canvas = document.querySelector('canvas');
const output = document.querySelector('output');
const context = canvas.getContext('2d');

const rt = await open();
const pixels = rt.array(Uint32Array, canvas.width * canvas.height);
const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.byteLength);
const image = context.createImageData(canvas.width, canvas.height);
const [view] = await structs.view.create();
Object.assign(view, { re: -0.8, im: 0.156, scale: 3 / canvas.width, width: canvas.width, height: canvas.height, steps: 300 });

async function draw() {
  const start = performance.now();
  await julia(view, pixels); // the page stays free meanwhile
  image.data.set(bytes); // canvases take no shared memory
  context.putImageData(image, 0, 0);
  output.textContent = `${rt.info.threads} threads, ${(performance.now() - start).toFixed(1)} ms`;
}

/** Where the pointer has been since the picture that is being drawn. */
let next;
let drawing = draw();
canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
  const waits = next !== undefined;
  next = { re: 2 * offsetX / canvas.width - 1.4, im: offsetY / canvas.height - 0.3 };
  if (waits) return;
  drawing = drawing.then(() => {
    Object.assign(view, next);
    next = undefined;
    return draw();
  });
});
