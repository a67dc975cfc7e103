import { drawTile } from '../canvas/tile.js';
import { limitsOf } from '../compute/scales.js';
import { create, find, short } from '../dom.js';
import { postForJson } from '../network/api.js';
import { expectedQuery } from '../network/query.js';
import { colorBar } from './colorBar.js';
import { sayProblem } from './problem.js';

/**
 * As the API gives it.
 * @typedef {{ label: string, score: number, logit: number }} Judged
 * @typedef {{ row: number, column: number, value: number }} Part
 * @typedef {object} Expectation
 * @property {string} label
 * @property {number} score
 * @property {number} logit
 * @property {number} rank
 * @property {number} of
 * @property {Judged | null} against
 * @property {string | null} method
 * @property {{ layer: number, values: number[][] } | null} map
 * @property {{ patches: number, rest: number, forExpected: Part[], forOther: Part[] } | null} account
 * @property {string} summary
 */

/** What was answered for the picture and label asked last. @type {{ key: string, expected: Expectation } | null} */
let known = null;

/**
 * What the answer should have been, against what it is: both scores, the map of the difference, and what would have to change.
 * @type {import('./compare.js').View}
 */
export function expected(view, screen, store) {
  const { answer } = screen;
  if (answer.predictions.length === 0) return 'Add labels that the model can judge.';
  if (view.childElementCount === 0) build();
  const form = find('form', HTMLFormElement, view);
  const input = find('input', HTMLInputElement, form);
  find('datalist', HTMLDataListElement, form).replaceChildren(...answer.labels.map((value) => create('option', { value })));
  const result = find('.expected', HTMLDivElement, view);
  const wanted = input.value.trim();
  if (known && known.key === keyOf(wanted)) show(known.expected);
  else result.replaceChildren();

  /** @param {string} label */
  function keyOf(label) {
    return `${answer.image.sha256} ${expectedQuery(answer, label)}`;
  }

  function build() {
    const attributes = { list: 'expected-proposals', 'aria-label': 'Expected label' };
    const field = create('input', { type: 'text', autocomplete: 'off', placeholder: 'a label', attributes });
    const made = create('form', { class: 'label-form expected-form' }, create('span', {}, 'I expected'), field,
      create('datalist', { id: 'expected-proposals' }), create('button', { type: 'submit' }, 'Compare'));
    made.addEventListener('submit', (event) => {
      event.preventDefault();
      if (store.state.screen && field.value.trim()) ask(store.state.screen.answer, field.value.trim());
    });
    view.replaceChildren(made, create('p', { class: 'note', role: 'status' }), create('div', { class: 'expected' }));
  }

  /** @param {import('../compute/answer.js').Answer} about @param {string} label */
  async function ask(about, label) {
    const note = find('.note', HTMLParagraphElement, view);
    note.textContent = 'Asking the model…';
    try {
      const key = `${about.image.sha256} ${expectedQuery(about, label)}`;
      const found = await postForJson(`predict?${expectedQuery(about, label)}`, about.question.picture.blob, { signal: AbortSignal.timeout(120_000) });
      known = { key, expected: found.expected };
      note.textContent = '';
      if (store.state.screen && store.state.compare === 'expected') expected(view, store.state.screen, store);
    } catch (error) {
      sayProblem(note, error);
    }
  }

  /** @param {Expectation} found */
  function show(found) {
    const { map, against, account } = found;
    const facts = create('div', { class: 'difference-pick' }, create('p', {}, found.summary), scores(found));
    if (account) facts.append(parts(`Speaks for “${found.label}”`, account.forExpected), parts(`Speaks for “${against?.label}”`, account.forOther));
    if (!map || !against) return result.replaceChildren(facts);
    const heat = { layer: map.layer, head: null, label: found.label, signed: true, values: Float64Array.from(map.values.flat()) };
    const limits = limitsOf('percentile', [heat]);
    const canvas = create('canvas', { attributes: { role: 'img', 'aria-label': `What speaks for ${found.label} and what for ${against.label}` } });
    canvas.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
    const bar = colorBar();
    facts.append(bar.element);
    result.replaceChildren(create('div', { class: 'difference' }, canvas, facts));
    drawTile(canvas, screen, heat, limits, 'coolwarm');
    bar.show({ limits, colormap: 'coolwarm', ends: { low: `for ${against.label}`, high: `for ${found.label}` }, maps: [heat] });
  }
}

/** @param {Expectation} found */
function scores({ label, score, logit, rank, of, against }) {
  const row = (/** @type {string[]} */ ...cells) => create('tr', {}, ...cells.map((cell) => create('td', {}, cell)));
  return create('table', {}, create('caption', { class: 'visually-hidden' }, 'Scores'),
    create('thead', {}, create('tr', {}, ...['Label', 'Score', 'Raw score', 'Rank'].map((cell) => create('th', { scope: 'col' }, cell)))),
    create('tbody', {}, row(label, short(score), short(logit), `${rank} of ${of}`),
      ...(against ? [row(against.label, short(against.score), short(against.logit), '')] : [])));
}

/** @param {string} title @param {Part[]} found */
const parts = (title, found) => create('p', { class: 'note' }, create('b', {}, `${title}: `), found.length ? found.map(place).join('; ') : 'no patch');

/** @param {Part} part */
const place = ({ row, column, value }) => `row ${row + 1}, column ${column + 1} (${value > 0 ? '+' : ''}${short(value)})`;
