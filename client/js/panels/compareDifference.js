import { drawTile } from '../canvas/tile.js';
import { labelMaps } from '../compute/labelMaps.js';
import { differenceMap } from '../compute/maps.js';
import { limitsOf } from '../compute/scales.js';
import { create, find } from '../dom.js';
import { takes } from '../settings/declared.js';
import { colorBar } from './colorBar.js';

/** The bar of the view that was built last. @type {ReturnType<typeof colorBar>} */
let bar;

/** One label minus another, on a scale around zero. @type {import('./compare.js').View} */
export function difference(view, screen, store) {
  const { answer, shown } = screen;
  const found = labelMaps(store.state, screen, { plain: true });
  if (shown.labels.length < 2) return 'Add two labels to set one against the other.';
  if (!found) return 'Choose a method that depends on the label to set two labels against each other.';
  const { method, maps } = found;
  const key = JSON.stringify([method.name, shown.labels]);
  if (view.dataset.labels !== key || view.childElementCount === 0) build();
  view.dataset.labels = key;

  const label = find('.label', HTMLSelectElement, view).value;
  const rival = find('.rival', HTMLSelectElement, view).value;
  const of = (/** @type {string} */ name) => maps.find((map) => map.label === name) ?? maps[0];
  const map = differenceMap(of(label), of(rival));
  const limits = limitsOf(shown.scale, [map]);
  drawTile(find('.difference > canvas', HTMLCanvasElement, view), screen, map, limits, 'coolwarm');
  bar.show({ limits, colormap: 'coolwarm', ends: { low: `for ${rival}`, high: `for ${label}` }, maps: [map] });
  find('.note', HTMLParagraphElement, view).textContent =
    `${method.title}${method.layers === 'none' ? '' : `, layer ${shown.at}`}: red patches fit ${label} better, blue ones ${rival}.`;

  function build() {
    const target = shown.labels.indexOf(shown.target ?? shown.labels[0]);
    const open = create('button', { type: 'button', hidden: !takes(method, 'versus') }, 'Show on the picture');
    open.addEventListener('click', () => store.set({
      method: method.name,
      target: find('.label', HTMLSelectElement, view).value,
      parameters: { ...store.state.parameters, ...(takes(method, 'view') ? { view: 'contrast' } : {}), versus: find('.rival', HTMLSelectElement, view).value },
    }));
    const canvas = create('canvas', { attributes: { role: 'img', 'aria-label': 'Difference of two labels' } });
    canvas.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
    bar = colorBar();
    view.replaceChildren(create('div', { class: 'difference' }, canvas, create('div', { class: 'difference-pick' },
      pick('label', 'Label', target), pick('rival', 'Minus', target === 0 ? 1 : 0), create('p', { class: 'note' }), bar.element, open)));
  }

  /** @param {string} name @param {string} words @param {number} chosen */
  function pick(name, words, chosen) {
    const select = create('select', { class: name }, ...shown.labels.map((each) => create('option', { value: each }, each)));
    select.selectedIndex = chosen;
    select.addEventListener('change', () => { if (store.state.screen) difference(view, store.state.screen, store); });
    return create('label', { class: 'row' }, create('span', {}, words), select);
  }
}
