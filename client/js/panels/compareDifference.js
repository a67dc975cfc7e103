import { palette } from '../colormaps.js';
import { create, find, short } from '../dom.js';
import { differenceMap } from '../maps.js';
import { limitsOf } from '../scales.js';
import { drawTile } from '../tile.js';

/** One label minus another, on a scale around zero. @type {import('./compare.js').View} */
export function difference(view, screen, store) {
  const { answer, shown } = screen;
  if (!answer.hasAlignment || shown.labels.length < 2) return 'Add two labels to set one against the other.';
  if (view.dataset.labels !== JSON.stringify(shown.labels) || view.childElementCount === 0) build();
  view.dataset.labels = JSON.stringify(shown.labels);

  const label = find('.label', HTMLSelectElement, view).value;
  const rival = find('.rival', HTMLSelectElement, view).value;
  const map = differenceMap(answer, shown.at, label, rival);
  const limits = limitsOf(shown.scale, [map.values], true);
  drawTile(find('canvas', HTMLCanvasElement, view), screen, map, limits, palette('coolwarm'));
  find('.note', HTMLParagraphElement, view).textContent =
    `Layer ${shown.at}. Red: ${label} fits better, up to ${short(limits.high)}; blue: ${rival} fits better.`;

  function build() {
    const pick = (/** @type {string} */ name, /** @type {string} */ words, /** @type {number} */ chosen) => {
      const select = create('select', { class: name }, ...shown.labels.map((each) => create('option', { value: each }, each)));
      select.selectedIndex = chosen;
      select.addEventListener('change', () => { if (store.state.screen) difference(view, store.state.screen, store); });
      return create('label', { class: 'row' }, create('span', {}, words), select);
    };
    const target = shown.labels.indexOf(shown.target ?? shown.labels[0]);
    const open = create('button', { type: 'button' }, 'Show on the picture');
    open.addEventListener('click', () => store.set({
      method: 'alignment', view: 'contrast', target: find('.label', HTMLSelectElement, view).value, versus: find('.rival', HTMLSelectElement, view).value,
    }));
    const canvas = create('canvas', { attributes: { role: 'img', 'aria-label': 'Difference of two labels' } });
    canvas.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
    view.replaceChildren(create('div', { class: 'difference' }, canvas,
      create('div', { class: 'difference-pick' }, pick('label', 'Label', target), pick('rival', 'Minus', target === 0 ? 1 : 0), create('p', { class: 'note' }), open)));
  }
}
