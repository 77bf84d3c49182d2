/** Turns what hands do with a picture into moves of the view. */

const KEYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

/**
 * @typedef {object} Moves
 * @property {(dx: number, dy: number) => void} pan  the picture goes along, in CSS pixels
 * @property {(factor: number, x: number, y: number) => void} zoom  above 1: closer, about a point
 * @property {() => void} home
 */

/**
 * @param {HTMLElement} target
 * @param {Moves} moves
 */
export function listen(target, moves) {
  listenToPointers(target, moves);
  listenToKeys(target, moves);
  const place = (/** @type {MouseEvent} */ event) => {
    const box = target.getBoundingClientRect();
    return /** @type {const} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  target.addEventListener('wheel', (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.002; // a pinch on a touchpad comes as a slow wheel
    moves.zoom(Math.exp(-Math.max(-400, Math.min(400, event.deltaY * lines)) * speed), ...place(event));
  }, { passive: false });
  target.addEventListener('dblclick', (event) => moves.zoom(event.shiftKey ? 0.5 : 2, ...place(event)));
}

/** One pointer drags, two pinch. @param {HTMLElement} target  @param {Moves} moves */
function listenToPointers(target, moves) {
  /** @type {Map<number, { x: number, y: number }>} */
  const down = new Map();
  const spread = () => {
    const [a, b = a] = down.values();
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, width: Math.max(16, Math.hypot(a.x - b.x, a.y - b.y)) };
  };
  target.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || down.size === 2) return;
    target.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  target.addEventListener('pointermove', (event) => {
    if (!down.has(event.pointerId)) return;
    const before = spread();
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = spread();
    moves.pan(after.x - before.x, after.y - before.y);
    const box = target.getBoundingClientRect();
    if (down.size === 2) moves.zoom(after.width / before.width, after.x - box.left, after.y - box.top);
  });
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture']) {
    target.addEventListener(type, (event) => down.delete(/** @type {PointerEvent} */ (event).pointerId));
  }
}

/** @param {HTMLElement} target  @param {Moves} moves */
function listenToKeys(target, moves) {
  target.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = KEYS[/** @type {keyof typeof KEYS} */ (event.key)];
    const { clientWidth, clientHeight } = target;
    if (direction) {
      const far = Math.min(clientWidth, clientHeight) * (event.shiftKey ? 0.4 : 0.1);
      moves.pan(-direction[0] * far, -direction[1] * far);
    } else if (event.key === '+' || event.key === '=') moves.zoom(1.5, clientWidth / 2, clientHeight / 2);
    else if (event.key === '-' || event.key === '_') moves.zoom(1 / 1.5, clientWidth / 2, clientHeight / 2);
    else if (event.key === 'Home') moves.home();
    else return;
    event.preventDefault();
  });
}
