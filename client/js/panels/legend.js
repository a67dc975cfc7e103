import { palette } from '../canvas/colormaps.js';
import { asksFromTokens } from '../compute/effective.js';
import { context, create, find, short } from '../dom.js';
import { captionsOf } from './wording.js';

/**
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {{ row: number, column: number }} Patch
 */

const listed = 10;

/** The words and numbers of the map: caption, colour bar, value under the pointer, strongest patches. @param {import('../store.js').Store} store */
export function legendPanel(store) {
  const caption = find('#caption', HTMLParagraphElement);
  const readout = find('#readout', HTMLParagraphElement);
  const bar = find('.colourbar', HTMLDivElement);
  const mark = find('#colourbar-mark', HTMLSpanElement);
  const table = find('#table-panel', HTMLDetailsElement);

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    find('#workbench', HTMLElement).classList.remove('is-empty');
    const { limits, colormap, map } = screen;
    caption.textContent = inWords(screen);
    bar.hidden = table.hidden = !map;
    if (!map) return;
    const [lowest, highest] = [Math.min(...map.values), Math.max(...map.values)];
    find('#scale-low', HTMLOutputElement).value = (lowest < limits.low ? '≤ ' : '') + short(limits.low);
    find('#scale-middle', HTMLOutputElement).value = short((limits.low + limits.high) / 2);
    find('#scale-high', HTMLOutputElement).value = (highest > limits.high ? '≥ ' : '') + short(limits.high);
    context(find('#colourbar', HTMLCanvasElement)).putImageData(new ImageData(new Uint8ClampedArray(palette(colormap).slice().buffer), 256, 1), 0, 0);
    listStrongest(screen);
  });
  table.addEventListener('toggle', () => {
    if (store.state.screen) listStrongest(store.state.screen);
  });

  store.on(['screen', 'cursor'], ({ screen, cursor }) => {
    mark.hidden = !screen || !cursor;
    if (!screen) return;
    const { map } = screen;
    readout.hidden = !map;
    if (!map) return;
    const { values } = map;
    if (!cursor) {
      const { row, column } = patchOf(values.indexOf(Math.max(...values)), screen);
      readout.textContent = `Highest at row ${row}, column ${column}: ${short(Math.max(...values))}`;
      return;
    }
    const value = values[cursor.row * screen.answer.grid.columns + cursor.column];
    const rank = 1 + Array.from(values).filter((other) => other > value).length;
    readout.textContent = `Row ${cursor.row}, column ${cursor.column}: ${short(value)} · rank ${rank} of ${screen.answer.patches}`;
    readout.dataset.value = String(value);
    mark.style.left = `${100 * Math.min(1, Math.max(0, (value - screen.limits.low) / (screen.limits.high - screen.limits.low)))}%`;
  });

  /** @param {Screen} screen */
  function listStrongest(screen) {
    const { map } = screen;
    if (!table.open || !map) return;
    const { values } = map;
    const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a]).slice(0, listed);
    find('#strongest', HTMLTableSectionElement).replaceChildren(...order.map((patch, rank) => {
      const { row, column } = patchOf(patch, screen);
      return create('tr', {}, ...[rank + 1, row, column, short(values[patch])].map((cell) => create('td', {}, String(cell))));
    }));
  }
}

/** What the picture shows. @param {Screen} screen */
export function inWords({ answer, shown }) {
  const { method, values, at, fromLayer, query, target, frames } = shown;
  const asked = query ?? answer.wholeQuery;
  const from = !asksFromTokens(shown) ? '' : ` from ${asked === 'cls' ? 'CLS' : asked === 'mean' ? 'all tokens' : `patch ${asked.replace(',', ', ')}`}`;
  const label = method.labels === 'unused' || target === null ? '' : ` with ${target}`;
  const alone = method.layers === 'each' || frames === 'layers' || fromLayer === at;
  const layers = method.layers === 'none' ? [] : [`${alone ? `layer ${at}` : `layers ${fromLayer}–${at}`} of ${answer.layers}`];
  return [`${method.title}${label}${from}`, ...layers, ...captionsOf(method, values)].join(' · ');
}

/** @param {number} patch @param {Screen} screen @returns {Patch} */
const patchOf = (patch, { answer: { grid: { columns } } }) => ({ row: Math.floor(patch / columns), column: patch % columns });
