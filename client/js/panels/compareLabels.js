import { drawTile } from '../canvas/tile.js';
import { labelMaps } from '../compute/labelMaps.js';
import { limitsOf } from '../compute/scales.js';
import { colormapFor } from '../compute/screen.js';
import { create, short } from '../dom.js';

/** The labels side by side at the layer looked at, all on one scale. @type {import('./compare.js').View} */
export function labelFigures(view, screen, store) {
  const { answer, shown } = screen;
  const found = labelMaps(store.state, screen);
  if (!found) return answer.labels.length ? 'Choose a method that depends on the label to set them side by side.' : 'Add a label to see where each fits.';
  const { method, maps } = found;
  const labels = maps.map(({ label }) => label ?? '');
  // The colours of the picture above, where it shows these maps.
  const limits = shown.method === method ? screen.limits : limitsOf(shown.scale, maps);
  const colormap = colormapFor(shown.colormap, maps[0].signed);

  if (view.dataset.labels !== JSON.stringify(labels) || view.childElementCount === 0) {
    view.dataset.labels = JSON.stringify(labels);
    const figures = create('div', { class: 'figures' }, ...labels.map(figure));
    figures.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
    view.replaceChildren(create('p', { class: 'note' }), figures);
  }
  /** @type {HTMLElement} */ (view.firstElementChild).textContent =
    `${method.title}${method.layers === 'none' ? '' : `, layer ${shown.at}`}; one scale for all: ${short(limits.low)} to ${short(limits.high)}.`;
  for (const [index, button] of [...view.querySelectorAll('button')].entries()) {
    const map = maps[index];
    button.setAttribute('aria-pressed', String(shown.method === method && shown.target === map.label));
    drawTile(/** @type {HTMLCanvasElement} */ (button.firstElementChild), screen, map, limits, colormap);
    /** @type {HTMLElement} */ (button.lastElementChild?.lastElementChild).textContent = `max ${short(Math.max(...map.values))}`;
  }

  /** @param {string} label */
  function figure(label) {
    const button = create('button', { type: 'button', title: 'Show on the picture' },
      create('canvas'), create('span', { class: 'name' }, create('span', {}, label), create('span')));
    button.addEventListener('click', () => store.set({ method: method.name, target: label }));
    return button;
  }
}
