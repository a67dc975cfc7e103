import { create, find } from '../dom.js';
import { resolutionOf, sizesOf } from '../settings/resolution.js';
import { modelOf } from '../store.js';

/** @param {import('../store.js').Store} store */
export function modelPanel(store) {
  const select = find('#model', HTMLSelectElement);
  const note = find('#model-note', HTMLParagraphElement);
  const sizes = find('#resolution', HTMLSelectElement);
  /** Labels as they were left at each kind of model: free words mean nothing to a classifier. @type {Record<string, string[]>} */
  const labelsOf = {};
  let kind = '';

  select.addEventListener('change', () => store.set({
    model: select.value, resolution: null, toLayer: null, fromLayer: null, at: null, query: null, parameters: withoutHead(store.state.parameters), refused: {},
  }));

  sizes.addEventListener('change', () => {
    const info = modelOf(store.state);
    // A patch has another place on another grid.
    if (info) store.set({ resolution: resolutionOf(info, Number(sizes.value)), query: null });
  });

  /**
   * Some models take other sizes than their own: more patches, a finer map.
   * @param {import('../network/api.js').ModelInfo} info @param {number | null} chosen
   */
  function showSizes(info, chosen) {
    const offered = sizesOf(info);
    const own = info.imageSize?.width ?? 0;
    find('#resolution-choice', HTMLLabelElement).hidden = offered.length === 0;
    sizes.replaceChildren(...offered.map((size) =>
      create('option', { value: String(size) }, `${size} × ${size}${size === own ? ' (its own)' : ''}`)));
    sizes.value = String(resolutionOf(info, chosen) ?? own);
  }

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

  store.on(['models', 'model', 'resolution'], ({ models, model, resolution }) => {
    const info = modelOf({ models, model });
    if (!info) return;
    select.value = info.id;
    showSizes(info, resolution);
    const { layers, heads } = info;
    const grid = gridAt(info, resolutionOf(info, resolution));
    const refused = models.filter(({ status }) => status === 'refused');
    const size = grid ? `${layers} layers · ${heads} heads · ${grid.rows} × ${grid.columns} patches` : 'Not loaded yet: its first answer takes longer.';
    note.replaceChildren(size,
      ...(info.warnings.length ? [more('Notes on this model', info.warnings)] : []),
      ...(refused.length ? [more(`${refused.length} refused`, refused.map(({ id, reason }) => `${id}: ${reason}`))] : []));
  });
}

/** The patches at a size; null: at the model's own. @param {import('../network/api.js').ModelInfo} info @param {number | null} size */
function gridAt({ grid, resolutions }, size) {
  if (size === null || !resolutions) return grid;
  return { rows: size / resolutions.step, columns: size / resolutions.step };
}

/** A head's number means nothing to another model. @param {Record<string, string>} parameters */
const withoutHead = ({ head: _, ...others }) => others;

/** @param {string} summary @param {string[]} lines */
const more = (summary, lines) => create('details', {}, create('summary', {}, summary), ...lines.map((line) => create('p', {}, line)));
