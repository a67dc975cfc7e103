import { context, create, find, short } from '../dom.js';

/**
 * @typedef {import('../screen.js').Screen} Screen
 * @typedef {{ row: number, column: number }} Patch
 */

const listed = 10;

/** The words and numbers of the map: caption, colour bar, value under the pointer, strongest patches. @param {import('../state.js').Store} store */
export function legendPanel(store) {
  const caption = find('#caption', HTMLParagraphElement);
  const readout = find('#readout', HTMLParagraphElement);
  const mark = find('#colourbar-mark', HTMLSpanElement);
  const table = find('#table-panel', HTMLDetailsElement);

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    find('#workbench', HTMLElement).classList.remove('is-empty');
    const { limits, colours, map } = screen;
    caption.textContent = inWords(screen);
    const [lowest, highest] = [Math.min(...map.values), Math.max(...map.values)];
    find('#scale-low', HTMLOutputElement).value = (lowest < limits.low ? '≤ ' : '') + short(limits.low);
    find('#scale-middle', HTMLOutputElement).value = short((limits.low + limits.high) / 2);
    find('#scale-high', HTMLOutputElement).value = (highest > limits.high ? '≥ ' : '') + short(limits.high);
    context(find('#colourbar', HTMLCanvasElement)).putImageData(new ImageData(new Uint8ClampedArray(colours.slice().buffer), 256, 1), 0, 0);
    listStrongest(screen);
  });
  table.addEventListener('toggle', () => {
    if (store.state.screen) listStrongest(store.state.screen);
  });

  store.on(['screen', 'cursor'], ({ screen, cursor }) => {
    mark.hidden = !screen || !cursor;
    if (!screen) return;
    if (!cursor) {
      const { values } = screen.map;
      const { row, column } = patchOf(values.indexOf(Math.max(...values)), screen);
      readout.textContent = `Highest at row ${row}, column ${column}: ${short(Math.max(...values))}`;
      return;
    }
    const value = screen.map.values[cursor.row * screen.answer.grid.columns + cursor.column];
    const rank = 1 + Array.from(screen.map.values).filter((other) => other > value).length;
    readout.textContent = `Row ${cursor.row}, column ${cursor.column}: ${short(value)} · rank ${rank} of ${screen.answer.patches}`;
    readout.dataset.value = String(value);
    mark.style.left = `${100 * Math.min(1, Math.max(0, (value - screen.limits.low) / (screen.limits.high - screen.limits.low)))}%`;
  });

  /** @param {Screen} screen */
  function listStrongest(screen) {
    if (!table.open) return;
    const { values } = screen.map;
    const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a]).slice(0, listed);
    find('#strongest', HTMLTableSectionElement).replaceChildren(...order.map((patch, rank) => {
      const { row, column } = patchOf(patch, screen);
      return create('tr', {}, ...[rank + 1, row, column, short(values[patch])].map((cell) => create('td', {}, String(cell))));
    }));
  }
}

/** What the picture shows. @param {Screen} screen */
export function inWords({ answer, shown }) {
  const { method, at, fromLayer, query, target, view, head, headFusion, frames } = shown;
  if (method === 'alignment') {
    const views = { cosine: target, centered: `${target} minus the mean of labels`, softmax: `${target} among the labels`, contrast: `${target} against ${shown.versus ?? 'the empty text'}` };
    return `Alignment with ${views[view]} · layer ${at} of ${answer.layers}`;
  }
  const from = query === 'cls' ? 'CLS' : query === 'mean' ? 'all tokens' : `patch ${query.replace(',', ', ')}`;
  const heads = head !== null ? ` · head ${head}` : headFusion === 'mean' ? '' : ` · ${headFusion} over heads`;
  const alone = method === 'attention' || frames === 'layers' || fromLayer === at;
  return `${method === 'rollout' ? 'Rollout' : 'Attention'} from ${from} · ${alone ? `layer ${at}` : `layers ${fromLayer}–${at}`} of ${answer.layers}${heads}`;
}

/** @param {number} patch @param {Screen} screen @returns {Patch} */
const patchOf = (patch, { answer: { grid: { columns } } }) => ({ row: Math.floor(patch / columns), column: patch % columns });
