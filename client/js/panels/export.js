import { find } from '../dom.js';
import { queryFor } from '../network/query.js';
import { captionOf } from './captions.js';
import { exportRow } from './exportRow.js';

/** @type {import('./exportRow.js').Row[]} */
const rows = [
  { endpoint: 'explain/overlay', what: 'Overlay', kind: 'PNG', extension: 'png' },
  { endpoint: 'explain/animation', what: 'Animation', kind: 'GIF', extension: 'gif' },
  { endpoint: 'explain/grid', what: 'Grid of layers', kind: 'PNG', extension: 'png' },
  { endpoint: 'explain', what: 'Numbers', kind: 'JSON', extension: 'json' },
  { endpoint: 'explain/evidence', what: 'Everything, with a report', kind: 'ZIP', extension: 'zip' },
  { endpoint: 'explain/tensors', what: 'Raw arrays', kind: 'safetensors', extension: 'safetensors' },
];

/** Out: each of the API's answers for exactly what is on screen. @param {import('../store.js').Store} store */
export function exportPanel(store) {
  const note = find('#export-note', HTMLParagraphElement);
  const made = rows.map((row) => exportRow(row, () => {
    const { screen } = store.state;
    return screen && { answer: screen.answer, query: queryFor(row.endpoint, screen.shown, screen.answer), words: captionOf(screen) };
  }, note));
  find('#exports', HTMLUListElement).append(...made.map(({ element }) => element));
  store.on(['screen'], () => made.forEach(({ follow }) => follow()));
}
