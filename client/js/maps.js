import { isSignedView, viewOf } from './views.js';

/**
 * @typedef {import('./answer.js').Answer} Answer
 * @typedef {import('./state.js').Settings} Settings
 */

/**
 * One map over the patch grid, as the API's `maps` has them.
 * @typedef {object} Heatmap
 * @property {number} layer
 * @property {number | null} head
 * @property {string | null} label
 * @property {boolean} signed
 * @property {Float32Array | Float64Array} values row-major over the grid
 */

/**
 * The settings as they apply to an answer: defaults filled in, what its model cannot serve replaced by what it can.
 * @param {Settings} settings @param {Answer} answer
 */
export function effective(settings, answer) {
  const toLayer = clamp(settings.toLayer ?? answer.layers, 1, answer.layers);
  const fromLayer = clamp(settings.fromLayer, 1, toLayer);
  const labels = settings.labels.filter((label) => answer.labels.includes(label));
  const shownLabels = labels.length ? labels : answer.labels;
  const method = settings.method === 'alignment' && !answer.hasAlignment ? 'rollout' : settings.method;
  return {
    ...settings,
    method,
    fromLayer,
    toLayer,
    at: clamp(settings.at ?? toLayer, fromLayer, toLayer),
    labels: shownLabels,
    target: settings.target !== null && shownLabels.includes(settings.target) ? settings.target : (best(answer, shownLabels) ?? null),
    view: settings.method === 'alignment' && offered(settings.view, settings, answer, shownLabels) ? settings.view : /** @type {const} */ ('cosine'),
    head: settings.head !== null && answer.hasHeads && settings.head <= answer.heads ? settings.head : null,
    query: queryOf(settings, answer),
  };
}

/** @typedef {ReturnType<typeof effective>} Effective */

/** The answer's map at one layer: for a rollout of the range up to it, or of that layer alone. @param {Answer} answer @param {Effective} shown @param {number} layer @returns {Heatmap} */
export function mapAt(answer, shown, layer) {
  if (shown.method === 'alignment') return alignmentMap(answer, shown, layer, shown.target ?? answer.labels[0]);
  const row = rowAt(answer.stack(shown.headFusion, shown.head), answer.weights(shown.query), shown, layer);
  return { layer, head: shown.head, label: null, signed: false, values: answer.patchesOf(row) };
}

/**
 * The row over all tokens behind a map of the attention. A layer before the range stands for itself.
 * @param {import('./rollout.js').AttentionStack} stack @param {Float64Array} weights @param {Pick<Effective, 'method' | 'frames' | 'fromLayer' | 'residual' | 'discard'>} shown @param {number} layer
 */
export function rowAt(stack, weights, { method, frames, fromLayer, residual, discard }, layer) {
  if (method === 'attention') return stack.attention(weights, layer);
  return stack.row(weights, frames === 'layers' ? layer : Math.min(fromLayer, layer), layer, residual, discard);
}

/** @param {Answer} answer @param {Effective} shown @param {number} layer @param {string} label @returns {Heatmap} */
export function alignmentMap(answer, shown, layer, label) {
  const { view, labels, versus } = shown;
  const wanted = view === 'centered' || view === 'softmax' ? labels : [label];
  const against = view === 'contrast' ? answer.against(layer, versus) : null;
  const values = viewOf(view, answer.alignments(layer, wanted), wanted.indexOf(label), { temperature: answer.temperature, against });
  return { layer, head: null, label, signed: isSignedView(view), values };
}

/** Attention of one head in one layer. @param {Answer} answer @param {Effective} shown @param {number} layer @param {number} head @returns {Heatmap} */
export function headMap(answer, shown, layer, head) {
  return { layer, head, label: null, signed: false, values: answer.patchesOf(answer.headRow(layer, head, shown.query)) };
}

/** One label minus another at one layer. @param {Answer} answer @param {number} layer @param {string} label @param {string} rival @returns {Heatmap} */
export function differenceMap(answer, layer, label, rival) {
  const [own, other] = answer.alignments(layer, [label, rival]);
  return { layer, head: null, label, signed: true, values: viewOf('contrast', [own], 0, { against: other }) };
}

/** Whether a view of the alignment can be shown. @param {import('./views.js').View} view @param {Settings} settings @param {Answer} answer @param {string[]} labels */
export function offered(view, settings, answer, labels) {
  if (view === 'centered' || view === 'softmax') return labels.length > 1;
  return view !== 'contrast' || answer.against(1, settings.versus) !== null;
}

/** The layers of a range, both ends included. @param {{ fromLayer: number, toLayer: number }} range */
export const layersOf = ({ fromLayer, toLayer }) => Array.from({ length: toLayer - fromLayer + 1 }, (_, i) => fromLayer + i);

/** @param {Answer} answer @param {string[]} labels */
const best = (answer, labels) => (answer.predictions.find(({ label }) => labels.includes(label))?.label ?? labels[0]);

/** @param {Answer} answer */
export const defaultQuery = ({ hasCls }) => (hasCls ? 'cls' : 'mean');

/** @param {Settings} settings @param {Answer} answer */
function queryOf({ query }, answer) {
  const fallback = defaultQuery(answer);
  if (query === null || (query === 'cls' && !answer.hasCls)) return fallback;
  if (!query.includes(',')) return query;
  const [row, column] = query.split(',').map(Number);
  return row < answer.grid.rows && column < answer.grid.columns ? query : fallback;
}

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
