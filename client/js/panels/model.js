import { create, find } from '../dom.js';
import { modelOf } from '../store.js';

/** @param {import('../store.js').Store} store */
export function modelPanel(store) {
  const select = find('#model', HTMLSelectElement);
  const note = find('#model-note', HTMLParagraphElement);
  /** Labels as they were left at each kind of model: free words mean nothing to a classifier. @type {Record<string, string[]>} */
  const labelsOf = {};
  let kind = '';

  select.addEventListener('change', () => store.set({
    model: select.value, toLayer: null, fromLayer: null, at: null, query: null, parameters: withoutHead(store.state.parameters), refused: {},
  }));

  store.on(['models', 'model'], (state) => {
    const info = modelOf(state);
    if (!info || info.text === null) return;
    const next = info.text ? 'words' : info.classes ? 'classes' : 'none';
    if (kind && next !== kind) {
      labelsOf[kind] = state.labels;
      store.set({ labels: labelsOf[next] ?? [], target: null });
    }
    kind = next;
  });

  store.on(['models'], ({ models }) => {
    select.replaceChildren(...models.map(({ id, status, reason }) =>
      create('option', { value: id, disabled: status === 'refused', title: reason ?? '' }, status === 'refused' ? `${id} (refused)` : id)));
  });

  store.on(['models', 'model'], ({ models, model }) => {
    const info = modelOf({ models, model });
    if (!info) return;
    select.value = info.id;
    const { layers, heads, grid } = info;
    const refused = models.filter(({ status }) => status === 'refused');
    const size = grid ? `${layers} layers · ${heads} heads · ${grid.rows} × ${grid.columns} patches` : 'Not loaded yet: its first answer takes longer.';
    note.replaceChildren(size,
      ...(info.warnings.length ? [more('Notes on this model', info.warnings)] : []),
      ...(refused.length ? [more(`${refused.length} refused`, refused.map(({ id, reason }) => `${id}: ${reason}`))] : []));
  });
}

/** A head's number means nothing to another model. @param {Record<string, string>} parameters */
const withoutHead = ({ head: _, ...others }) => others;

/** @param {string} summary @param {string[]} lines */
const more = (summary, lines) => create('details', {}, create('summary', {}, summary), ...lines.map((line) => create('p', {}, line)));
