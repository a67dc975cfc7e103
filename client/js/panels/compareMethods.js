import { whyNot } from '../compute/effective.js';
import { create, short } from '../dom.js';
import { methodsQuery } from '../network/query.js';
import { comparisonExport, comparisons, drawEntry } from './comparison.js';
import { heatTable } from './plot.js';

/**
 * @typedef {import('./comparison.js').Screen} Screen
 * @typedef {import('./comparison.js').Comparison} Comparison
 * @typedef {import('../network/api.js').Method} Method
 * @typedef {import('../store.js').Store} Store
 */

const most = 8;
const asked = comparisons('The server computes them…');

/** What is in the tab, for its export. @type {{ screen: Screen | null, query: string, words: string }} */
let shownNow = { screen: null, query: '', words: 'methods side by side' };
const exported = comparisonExport(() => shownNow);

/** Several methods side by side on the same picture, for the same label. @type {import('./compare.js').View} */
export function methodFigures(view, screen, store) {
  const offered = store.state.methods.filter((method) => (method.picture ?? 'maps') === 'maps' && whyNot(method, store.state, screen.answer) === null);
  if (offered.length < 2) return 'This model serves too few methods to set side by side.';
  const { compareMethods } = store.state;
  const wanted = compareMethods.length ? compareMethods : proposed(offered, screen);
  const chosen = wanted.filter((name) => offered.some((method) => method.name === name)).slice(0, most);
  const query = chosen.length > 1 ? methodsQuery(chosen, screen.shown, screen.answer) : '';
  const again = () => {
    if (store.state.compare === 'methods' && store.state.screen) methodFigures(view, store.state.screen, store);
  };
  const comparison = query ? asked.about(screen, query, again) : undefined;
  shownNow = { ...shownNow, screen, query };
  exported.follow();
  const focused = document.activeElement?.id;
  view.replaceChildren(choices(offered, chosen, store), ...(comparison ? figures(comparison, offered, screen, store)
    : [query ? asked.message(again) : create('p', { class: 'note' }, 'Choose two methods at least.')]));
  if (comparison) draw(view, comparison, screen);
  if (focused?.startsWith('compare-')) document.getElementById(focused)?.focus();
}

/**
 * The method on screen, then those of a run each: that need a label, where there is one, else those that go along the layers.
 * @param {Method[]} offered @param {Screen} screen
 */
function proposed(offered, { shown, answer }) {
  const cheap = offered.filter(({ answersAlone, labels, layers }) => !answersAlone && (answer.labels.length ? labels === 'needed' : layers !== 'none'));
  return [...new Set([shown.method.name, ...cheap.map(({ name }) => name)])].slice(0, most);
}

/** @param {Method[]} offered @param {string[]} chosen @param {Store} store */
function choices(offered, chosen, store) {
  const full = chosen.length === most;
  const boxes = offered.map(({ name, title, answersAlone }) => {
    const checked = chosen.includes(name);
    const box = create('input', { type: 'checkbox', id: `compare-${name}`, checked, disabled: checked ? chosen.length === 1 : full });
    box.addEventListener('change', () =>
      store.set({ compareMethods: box.checked ? [...chosen, name] : chosen.filter((other) => other !== name) }));
    return create('label', { class: 'inline' }, box, answersAlone ? `${title} *` : title);
  });
  const words = [
    'Each method by its own defaults and in its own scale.',
    full ? `${most} is the most; take one out first.` : `At most ${most}.`,
    ...(offered.some(({ answersAlone }) => answersAlone) ? ['* takes hundreds of runs of the model.'] : []),
  ];
  const legend = create('legend', { class: 'note' }, words.join(' '));
  return create('fieldset', { class: 'compare-choices' }, legend, ...boxes);
}

/** @param {Comparison} comparison @param {Method[]} offered @param {Screen} screen @param {Store} store */
function figures({ entries, correlation }, offered, { answer, shown }, store) {
  const titles = entries.map(({ given: { method } }) => offered.find(({ name }) => name === method)?.title ?? method);
  const buttons = entries.map(({ given: { method, evidence } }, index) => {
    const button = create('button', { type: 'button', title: 'Show on the picture', attributes: { 'aria-pressed': String(shown.method.name === method) } },
      create('canvas'), create('span', { class: 'name' }, create('span', {}, titles[index]),
        create('span', {}, evidence ? `score ${short(evidence.score)}` : '')),
      ...(evidence ? [create('small', {}, evidence.verdict)] : []));
    button.addEventListener('click', () => store.set({ method }));
    return button;
  });
  const summary = (/** @type {string} */ title, /** @type {string} */ meaning) =>
    create('figure', {}, create('canvas', { attributes: { role: 'img', 'aria-label': `${title}: ${meaning}` } }),
      create('figcaption', {}, title, create('small', {}, meaning)));
  const grid = create('div', { class: 'figures' }, ...buttons,
    summary('Where the methods agree', 'bright patches are high in most maps'),
    summary('Where they differ', 'bright patches are high in some maps and low in others'));
  grid.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
  const title = 'How alike the maps are: 1 = same order of patches, 0 = nothing in common, −1 = the opposite';
  return [grid, exported.element, heatTable({ title, values: correlation, colormap: 'viridis', names: titles })];
}

/** @param {HTMLElement} view @param {Comparison} comparison @param {Screen} screen */
function draw(view, { entries, mean, spread }, screen) {
  const { answer } = screen;
  const all = [...entries, { map: mean, answer }, { map: spread, answer }];
  const canvases = /** @type {HTMLCanvasElement[]} */ ([...view.querySelectorAll('.figures canvas')]);
  for (const [index, canvas] of canvases.entries()) drawEntry(canvas, screen, all[index]);
}
