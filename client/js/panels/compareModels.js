import { limitsOf } from '../compute/scales.js';
import { create, short } from '../dom.js';
import { modelsQuery } from '../network/query.js';
import { colorBar } from './colorBar.js';
import { comparisonExport, comparisons, drawEntry } from './comparison.js';

/** @typedef {import('./comparison.js').Screen} Screen @typedef {import('./comparison.js').Comparison} Comparison */

const asked = comparisons('The server asks both models; one that is not loaded yet takes longer…');

/** What is in the tab, for its export. @type {{ screen: Screen | null, query: string, words: string }} */
let shownNow = { screen: null, query: '', words: '' };
const exported = comparisonExport(() => shownNow);

/** The models that can stand beside the one on screen. @param {import('../store.js').State} state @param {string} [own] */
export const otherModels = ({ models, model }, own = model ?? models.find((each) => each.default)?.id) =>
  models.filter(({ id, status }) => id !== own && status !== 'refused');

/** Another model beside the one on screen, by the same method: both maps, and where they differ. @type {import('./compare.js').View} */
export function modelFigures(view, screen, store) {
  const { answer, shown } = screen;
  const offered = otherModels(store.state, answer.model.id);
  if (offered.length === 0) return 'This server has one model only.';
  if (!screen.map) return 'This method has no map that could be compared. Choose another one.';
  const chosen = offered.find(({ id }) => id === store.state.compareModel)?.id ?? null;
  const query = chosen === null ? '' : modelsQuery(chosen, shown, answer);
  const again = () => {
    if (store.state.compare === 'models' && store.state.screen) modelFigures(view, store.state.screen, store);
  };
  const comparison = query ? asked.about(screen, query, again) : undefined;
  shownNow = { screen, query, words: `${answer.model.id} and ${chosen} ${shown.method.title}` };
  exported.follow();
  const focused = document.activeElement?.id;
  view.replaceChildren(pick(offered, chosen), ...(comparison ? figures(comparison, [answer.model.id, String(chosen)])
    : query ? [asked.message(again)] : [create('p', { class: 'note' }, `It is set beside ${answer.model.id}, by the same method and with the same labels.`)]));
  if (comparison) draw(view, comparison, screen);
  if (focused?.startsWith('compare-')) document.getElementById(focused)?.focus();

  /** @param {import('../network/api.js').ModelInfo[]} models @param {string | null} id */
  function pick(models, id) {
    const select = create('select', { id: 'compare-model' }, create('option', { value: '' }, 'choose a model'),
      ...models.map((model) => create('option', { value: model.id }, model.id)));
    select.value = id ?? '';
    select.addEventListener('change', () => store.set({ compareModel: select.value || null }));
    return create('label', { class: 'inline' }, 'Second model', select);
  }

  /** @param {Comparison} found @param {string[]} names */
  function figures({ entries, correlation, difference }, names) {
    const figure = (/** @type {string} */ name, /** @type {string} */ small) => create('figure', {},
      create('canvas', { attributes: { role: 'img', 'aria-label': `${shown.method.title} of ${name}` } }),
      create('figcaption', {}, name, create('small', {}, small)));
    const scores = entries.map(({ given: { evidence } }) => (evidence ? `score ${short(evidence.score)}` : ''));
    const maps = create('div', { class: 'figures' }, figure(names[0], scores[0]), figure(names[1], scores[1]));
    if (difference) {
      const bar = colorBar();
      const ends = { low: `more ${names[0]}`, high: `more ${names[1]}` };
      bar.show({ limits: limitsOf('percentile', [difference]), colormap: 'coolwarm', ends, maps: [difference] });
      const both = figure('Where they differ', `blue: higher for ${names[0]}, red: higher for ${names[1]}; each map divided by its largest value`);
      both.append(bar.element);
      maps.append(both);
    }
    const alike = correlation[0][1];
    const words = alike === null ? 'One of the two maps is the same everywhere: they cannot be compared.'
      : `How alike the maps are: ${alike.toFixed(2).replace('-', '−')} (1 = same order of patches, 0 = nothing in common, −1 = the opposite).`;
    return [maps, create('p', {}, words), exported.element];
  }
}

/** @param {HTMLElement} view @param {Comparison} comparison @param {Screen} screen */
function draw(view, { entries, difference }, screen) {
  const canvases = /** @type {HTMLCanvasElement[]} */ ([...view.querySelectorAll('.figures figure > canvas')]);
  drawEntry(canvases[0], screen, entries[0]);
  drawEntry(canvases[1], screen, entries[1]);
  if (difference) drawEntry(canvases[2], screen, { map: difference, answer: screen.answer }, 'coolwarm');
}
