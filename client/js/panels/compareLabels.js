import { colormapFor, palette } from '../colormaps.js';
import { create, short } from '../dom.js';
import { alignmentMap } from '../maps.js';
import { limitsOf } from '../scales.js';
import { drawTile } from '../tile.js';

/** The labels side by side at the layer looked at, all on one scale. @type {import('./compare.js').View} */
export function labelFigures(view, screen, store) {
  const { answer, shown } = screen;
  if (!answer.hasAlignment) return 'Add a label to see where each fits.';
  const maps = shown.labels.map((label) => alignmentMap(answer, shown, shown.at, label));
  const limits = limitsOf(shown.scale === 'absolute' ? 'absolute' : 'shared', maps.map(({ values }) => values), maps[0].signed);
  const colours = palette(colormapFor(shown.colormap, maps[0].signed));

  if (view.dataset.labels !== JSON.stringify(shown.labels) || view.childElementCount === 0) {
    view.dataset.labels = JSON.stringify(shown.labels);
    const figures = create('div', { class: 'figures' }, ...shown.labels.map(figure));
    figures.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
    view.replaceChildren(create('p', { class: 'note' }), figures);
  }
  /** @type {HTMLElement} */ (view.firstElementChild).textContent = `Layer ${shown.at}, one scale for all: ${short(limits.low)} to ${short(limits.high)}.`;
  for (const [index, button] of [...view.querySelectorAll('button')].entries()) {
    const map = maps[index];
    button.setAttribute('aria-pressed', String(shown.method === 'alignment' && shown.target === map.label));
    drawTile(/** @type {HTMLCanvasElement} */ (button.firstElementChild), screen, map, limits, colours);
    /** @type {HTMLElement} */ (button.lastElementChild?.lastElementChild).textContent = `max ${short(Math.max(...map.values))}`;
  }

  /** @param {string} label */
  function figure(label) {
    const button = create('button', { type: 'button', title: 'Show on the picture' },
      create('canvas'), create('span', { class: 'name' }, create('span', {}, label), create('span')));
    button.addEventListener('click', () => store.set({ method: 'alignment', target: label }));
    return button;
  }
}
