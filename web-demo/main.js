/** The page: opens the views, and the runtime that they share. */
import { Engine } from './engine.js';
import { Explore } from './explore/explore.js';
import { find, showError } from './ui.js';

const VIEWS = ['explore', 'race', 'inside', 'doctor'];
const { title } = document;
/** @type {Set<string>} */
const opened = new Set();
/** @type {Explore | undefined} */
let explore;
/** @type {Engine | undefined} */
let engine;
/** @type {unknown} */
let failure;

const opening = Engine.open().then((made) => {
  engine = made;
  find('alone').hidden = made.reason === undefined;
  find('alone-reason').textContent = made.reason ?? '';
}, (error) => {
  failure = error;
  showError(error, 'weft could not be started');
});

const busy = () => explore?.resume();

/** @type {Record<string, () => Promise<void>>} */
const OPENERS = {
  explore: async () => {
    if (engine) explore = new Explore(engine);
  },
  race: async () => {
    const { Race } = await import('./race/race.js');
    if (engine) new Race(engine, busy);
  },
  inside: async () => {
    const { Inside } = await import('./inside/inside.js');
    if (engine) new Inside(engine, busy);
  },
  doctor: async () => {
    const { showDoctor } = await import('./doctor/doctor.js');
    showDoctor(engine, failure);
  },
};

async function show() {
  const [wanted, place] = location.hash.slice(1).split('?');
  const view = VIEWS.includes(wanted) ? wanted : 'explore';
  for (const each of VIEWS) {
    find(each).hidden = each !== view;
    const link = find(`to-${each}`);
    if (each === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = view === 'explore' ? title : `${find(`to-${view}`).textContent} - weft`;
  await opening;
  if (!opened.has(view)) await open(view);
  if (view === 'explore' && place) explore?.follow(place);
}

/** @param {string} view */
async function open(view) {
  opened.add(view);
  try {
    await OPENERS[view]();
    find(view).dataset.open = '';
  } catch (error) {
    opened.delete(view);
    showError(error, 'This part could not be opened');
  }
}

addEventListener('hashchange', show);
find('error-close').addEventListener('click', () => { find('error').hidden = true; });
// A file that misses the drop zone must not take the page away.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());
show();
