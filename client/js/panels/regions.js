import { create, find } from '../dom.js';
import { post, postForJson } from '../network/api.js';
import { queryFor } from '../network/query.js';
import { percent } from '../settings/table.js';
import { captionOf } from './captions.js';
import { makeControl } from './controls.js';
import { fileName, save } from './files.js';
import { sayProblem } from './problem.js';

/** @typedef {import('../compute/screen.js').Screen} Screen @typedef {import('../store.js').State} State */

/** A slider that moves asks once it rests. */
const rest = 250;

/** @type {import('../settings/kinds.js').Control} */
const kindControl = {
  kind: 'select', title: 'Outline',
  hint: 'Draws the parts of the map that stand out. Automatic finds the value that parts high from low best (Otsu’s method).',
  choices: [
    { value: 'off', title: 'Off' }, { value: 'otsu', title: 'Automatic' },
    { value: 'mass', title: 'Share of the map' }, { value: 'percentile', title: 'Strongest patches' },
  ],
};
/** @type {import('../settings/kinds.js').Control} */
const massControl = {
  kind: 'slider', title: 'How much of the map', hint: 'The highest patches that together hold this share of the map',
  minimum: 0.05, maximum: 1, step: 0.05, inWords: percent,
};
/** @type {import('../settings/kinds.js').Control} */
const topControl = {
  kind: 'slider', title: 'How many patches', hint: 'The highest patches, as a share of all',
  minimum: 50, maximum: 99, step: 1, inWords: (value) => `top ${100 - value} %`,
};

/** Where the map is high, as regions on the picture: boxes, points for a segmenter, and the mask. @param {import('../store.js').Store} store */
export function regionsPanel(store) {
  const note = find('#region-note', HTMLParagraphElement);
  const list = find('#region-list', HTMLOListElement);
  const buttons = find('#region-save', HTMLDivElement);
  const kind = makeControl('regions', kindControl, (regions) => store.set({ regions }));
  const mass = makeControl('regionMass', massControl, (regionMass) => store.set({ regionMass }));
  const top = makeControl('regionPercentile', topControl, (regionPercentile) => store.set({ regionPercentile }));
  find('#region-controls', HTMLDivElement).append(kind.element, mass.element, top.element);
  let running = new AbortController();
  let asked = '';

  for (const [id, format] of /** @type {const} */ ([['#region-mask', 'png'], ['#region-json', 'json']])) {
    find(id, HTMLButtonElement).addEventListener('click', () => download(format));
  }

  store.on(['screen', 'regions', 'regionMass', 'regionPercentile', 'cursor', 'hover'], (state) => {
    const { screen, regions } = state;
    kind.show(regions);
    mass.show(state.regionMass);
    top.show(state.regionPercentile);
    mass.element.hidden = regions !== 'mass';
    top.element.hidden = regions !== 'percentile';
    if (!screen || regions === 'off') return leave('');
    if (!screen.map) return leave('This method has no map that can be split into regions.');
    // A pointer that asks changes the map with every patch.
    if (state.cursor && state.hover === 'ask' && screen.shown.query?.includes(',')) return leave('');
    const query = queryOf(screen, state);
    const question = `${screen.answer.image.sha256} ${query}`;
    if (question === asked) return;
    asked = question;
    ask(screen, query);
  });
  store.on(['found'], ({ found }) => {
    buttons.hidden = list.hidden = !found;
    if (!found) return;
    const [height, width] = found.rle.size;
    list.replaceChildren(...found.regions.map(({ area, mass: share }) =>
      create('li', {}, `${percent(area / (width * height))} of the picture, ${percent(share)} of the map`)));
    note.textContent = found.regions.length === 0 ? 'Nothing stands out at this setting; choose a lower one.' : '';
  });

  /** @param {string} reason */
  function leave(reason) {
    running.abort();
    asked = '';
    note.textContent = reason;
    if (store.state.found) store.set({ found: null });
  }

  /** @param {Screen} screen @param {string} query */
  async function ask(screen, query) {
    running.abort();
    const { signal } = (running = new AbortController());
    store.set({ found: null });
    const { picture } = screen.answer.question;
    try {
      await new Promise((resolve) => setTimeout(resolve, rest));
      signal.throwIfAborted();
      const { regions, rle, warnings } = await postForJson(`explain/regions?${query}`, picture.blob, { signal });
      signal.throwIfAborted();
      store.set({ found: { query, picture, regions, rle, warnings } });
    } catch (error) {
      if (!signal.aborted) sayProblem(note, error);
    }
  }

  /** @param {'png' | 'json'} format */
  async function download(format) {
    const { screen, found } = store.state;
    if (!screen || !found) return;
    try {
      const bytes = await post(`explain/regions?${found.query}&format=${format}`, found.picture.blob, { signal: AbortSignal.timeout(60_000) });
      save(new Blob([bytes]), fileName(screen.answer, `${captionOf(screen)} regions`, found.query, format));
    } catch (error) {
      sayProblem(note, error);
    }
  }
}

/** @param {Screen} screen @param {State} state */
function queryOf({ shown, answer }, { regions, regionMass, regionPercentile }) {
  const threshold = regions === 'mass' ? `mass:${regionMass}` : regions === 'percentile' ? `percentile:${regionPercentile}` : 'otsu';
  return `${queryFor('explain/regions', shown, answer)}&threshold=${threshold}`;
}
