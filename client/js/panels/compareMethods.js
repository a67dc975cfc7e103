import { drawTile } from '../canvas/tile.js';
import { whyNot } from '../compute/effective.js';
import { mapFor } from '../compute/maps.js';
import { limitsOf } from '../compute/scales.js';
import { colormapFor } from '../compute/screen.js';
import { create, short } from '../dom.js';
import { postAndCount } from '../network/api.js';
import { setOf } from '../network/fetchedMaps.js';
import { Problem } from '../network/problems.js';
import { compareQuery } from '../network/query.js';
import { heatTable } from './plot.js';
import { problemWords } from './problem.js';
import { runBar } from './runBar.js';

/**
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {import('../network/api.js').Method} Method
 * @typedef {import('../store.js').Store} Store
 * @typedef {{ entries: any[], correlation: (number | null)[][], mean: any, spread: any }} Comparison
 */

const most = 8;

/** Names of the methods that were chosen here; null: those that the page proposes. @type {string[] | null} */
let picked = null;
/** @type {Map<string, Comparison>} */
const known = new Map();
let running = new AbortController();
/** What was asked last, how far it is, and what came of it where that is no answer. @type {{ key: string, problem: unknown, bar: ReturnType<typeof runBar> }} */
let asked = { key: '', problem: null, bar: runBar('') };

/** Several methods side by side on the same picture, for the same label. @type {import('./compare.js').View} */
export function methodFigures(view, screen, store) {
  const offered = store.state.methods.filter((method) => (method.picture ?? 'maps') === 'maps' && whyNot(method, store.state, screen.answer) === null);
  if (offered.length < 2) return 'This model serves too few methods to set side by side.';
  const chosen = (picked ?? proposed(offered, screen)).filter((name) => offered.some((method) => method.name === name));
  const query = chosen.length > 1 ? compareQuery(chosen, screen.shown, screen.answer) : '';
  const key = `${screen.answer.image.sha256} ${query}`;
  const comparison = known.get(key);
  if (query && !comparison && asked.key !== key) ask(view, screen, store, query, key);
  const focused = document.activeElement?.id;
  view.replaceChildren(
    choices(offered, chosen, view, store),
    ...(comparison ? figures(comparison, offered, screen, store) : [message(chosen.length < 2, view, store)]));
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

/** @param {Method[]} offered @param {string[]} chosen @param {HTMLElement} view @param {Store} store */
function choices(offered, chosen, view, store) {
  const boxes = offered.map(({ name, title, answersAlone }) => {
    const checked = chosen.includes(name);
    const box = create('input', { type: 'checkbox', id: `compare-${name}`, checked, disabled: !checked && chosen.length === most });
    box.addEventListener('change', () => {
      picked = box.checked ? [...chosen, name] : chosen.filter((other) => other !== name);
      again(view, store);
    });
    return create('label', { class: 'inline', title: answersAlone ? 'Hundreds of runs of the model' : '' }, box, title);
  });
  const legend = create('legend', { class: 'note' }, `Methods, at most ${most}; each by its own defaults and in its own scale.`);
  return create('fieldset', { class: 'compare-choices' }, legend, ...boxes);
}

/** @param {boolean} tooFew @param {HTMLElement} view @param {Store} store */
function message(tooFew, view, store) {
  if (tooFew) return create('p', { class: 'note' }, 'Choose two methods at least.');
  const busy = asked.problem === null;
  const button = create('button', { type: 'button' }, busy ? 'Cancel' : 'Try again');
  button.addEventListener('click', () => {
    if (busy) running.abort();
    else asked.key = '';
    again(view, store);
  });
  const words = create('p', { class: 'note', attributes: { role: 'status' } }, ...(busy ? ['The server computes them…'] : problemWords(asked.problem)));
  return create('div', { class: 'compare-message' }, words, ...(busy ? [asked.bar.element] : []), button);
}

/** @param {HTMLElement} view @param {Screen} screen @param {Store} store @param {string} query @param {string} key */
async function ask(view, screen, store, query, key) {
  running.abort();
  const { signal } = (running = new AbortController());
  const bar = runBar('Comparing methods');
  asked = { key, problem: null, bar };
  try {
    known.set(key, await postAndCount(`explain/compare?${query}`, screen.answer.question.picture.blob, { signal, onProgress: bar.onProgress }));
  } catch (error) {
    if (signal !== running.signal) return;
    asked.problem = signal.aborted ? Problem.ofPage('Cancelled', 'Cancelled.') : error;
  }
  again(view, store);
}

/** Draws the tab anew, where it is still open. @param {HTMLElement} view @param {Store} store */
function again(view, store) {
  if (store.state.compare === 'methods' && store.state.screen) methodFigures(view, store.state.screen, store);
}

/** @param {Comparison} comparison @param {Method[]} offered @param {Screen} screen @param {Store} store */
function figures({ entries, correlation }, offered, { answer, shown }, store) {
  const titles = entries.map(({ method }) => offered.find(({ name }) => name === method)?.title ?? method);
  const buttons = entries.map(({ method, evidence }, index) => {
    const button = create('button', { type: 'button', title: 'Show on the picture', attributes: { 'aria-pressed': String(shown.method.name === method) } },
      create('canvas'), create('span', { class: 'name' }, create('span', {}, titles[index]),
        create('span', { title: evidence?.verdict ?? '' }, evidence ? `score ${short(evidence.score)}` : '')));
    button.addEventListener('click', () => store.set({ method }));
    return button;
  });
  const summary = (/** @type {string} */ title, /** @type {string} */ meaning) =>
    create('figure', { title: meaning }, create('canvas', { attributes: { role: 'img', 'aria-label': `${title}: ${meaning}` } }),
      create('figcaption', { class: 'name' }, title));
  const grid = create('div', { class: 'figures' }, ...buttons,
    summary('Mean of the ranks', 'bright patches are high in most maps'),
    summary('Spread of the ranks', 'bright patches are high in some maps and low in others'));
  grid.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
  const title = 'Rank correlation: 1 where two maps put the patches in the same order';
  return [grid, heatTable({ title, values: correlation, colormap: 'viridis', names: titles })];
}

/** @param {HTMLElement} view @param {Comparison} comparison @param {Screen} screen */
function draw(view, { entries, mean, spread }, screen) {
  const { shown } = screen;
  const sets = [...entries, { maps: [mean], warnings: [] }, { maps: [spread], warnings: [] }];
  for (const [index, canvas] of [...view.querySelectorAll('canvas')].entries()) {
    const map = mapFor(setOf(sets[index]), shown.target);
    if (map) drawTile(canvas, screen, map, limitsOf('percentile', [map]), colormapFor(shown.colormap, map.signed));
  }
}
