import { create } from '../dom.js';
import { headsMethod } from '../compute/localMethods.js';
import { headMap } from '../compute/maps.js';
import { limitsOf } from '../compute/scales.js';
import { drawTile } from '../canvas/tile.js';
import { openHead } from './openHead.js';

/** What the tiles show; a slider that does not change them must not redraw hundreds. @type {unknown[]} */
let drawn = [];

/** Attention of every head in every layer; a click opens one on the large picture. @type {import('./compare.js').View} */
export function headGrid(view, screen, store) {
  const { answer, shown } = screen;
  const loading = store.state.status.phase === 'loading';
  if (!answer.hasHeads) return loading ? 'Fetching the attention of each head…' : 'The attention of each head is not here yet.';
  const { layers, heads, grid } = answer;
  if (view.dataset.shape !== `${layers}x${heads}` || view.childElementCount === 0) build();
  view.dataset.shape = `${layers}x${heads}`;
  const look = [shown.scale === 'absolute', shown.interpolation, shown.opacity, shown.blend, screen.colormap];
  const wanted = [answer, shown.query, ...look, view.firstElementChild, view.clientWidth];
  const redraw = wanted.some((part, index) => part !== drawn[index]);
  drawn = wanted;

  for (const button of view.querySelectorAll('button')) {
    const layer = Number(button.dataset.layer);
    const head = Number(button.dataset.head);
    button.setAttribute('aria-pressed', String(shown.method.name === headsMethod && shown.values.head === head && shown.at === layer));
    if (!redraw) continue;
    const map = headMap(answer, shown, layer, head);
    const limits = limitsOf(shown.scale === 'absolute' ? 'absolute' : 'percentile', [map]);
    drawTile(/** @type {HTMLCanvasElement} */ (button.firstElementChild), screen, map, limits, screen.colormap);
  }

  function build() {
    const table = create('div', { class: 'head-grid' });
    table.style.setProperty('--layers', String(layers));
    table.style.setProperty('--aspect', String(grid.columns / grid.rows));
    const axis = (/** @type {string} */ text) => create('span', { class: 'axis' }, text);
    const numbers = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => index + 1);
    table.append(axis(''), ...numbers(layers).map((layer) => axis(layer === 1 ? 'layer 1' : String(layer))));
    for (const head of numbers(heads)) table.append(axis(head === 1 ? 'head 1' : String(head)), ...numbers(layers).map((layer) => cell(layer, head)));
    view.replaceChildren(create('p', { class: 'note' }, 'Attention of each head, one scale each. Choose one to see it large.'), table);
  }

  /** @param {number} layer @param {number} head */
  function cell(layer, head) {
    const name = `Layer ${layer}, head ${head}`;
    const attributes = { 'aria-label': name, 'data-layer': String(layer), 'data-head': String(head) };
    const button = create('button', { type: 'button', title: name, attributes }, create('canvas'));
    button.addEventListener('click', () => {
      if (store.state.screen) openHead(store, store.state.screen.shown, { layer, head });
    });
    return button;
  }
}
