import { viewOf } from './views.js';

// The one place that knows which methods the page computes itself. Everything else follows what a method declares.

/**
 * @typedef {import('./answer.js').Answer} Answer
 * @typedef {import('./effective.js').Effective} Effective
 * @typedef {import('./maps.js').Heatmap} Heatmap
 * @typedef {import('../settings/declared.js').Values} Values
 * @typedef {import('./rollout.js').AttentionStack} AttentionStack
 * @typedef {Pick<Effective, 'values' | 'frames' | 'fromLayer'>} Range
 */

/**
 * A method whose maps the page computes from the tensors of an answer.
 * @typedef {object} LocalMethod
 * @property {(answer: Answer) => boolean} able the answer holds what it needs
 * @property {(values: Values) => { heads: boolean, versus: string | null }} asks what the answer must hold beyond the usual
 * @property {(values: Values, answer: Answer, labels: string[]) => Values} settle the values, without those that the answer cannot serve
 * @property {(name: string, value: string, labels: string[]) => boolean} [offers] whether a word of a parameter makes sense with these labels
 * @property {(answer: Answer, shown: Effective, layer: number) => Heatmap[]} maps one a label, or one
 * @property {(answer: Answer, shown: Range, layers: number[]) => number} cost multiplications
 * @property {(stack: AttentionStack, weights: Float64Array, shown: Range, layer: number) => Float64Array} [row] the row over tokens behind a map of attention
 */

/** The method that shows the attention of one head. */
export const headsMethod = 'attention';

/** @type {Record<string, LocalMethod>} */
export const localMethods = {
  rollout: ofAttention({
    row: (stack, weights, { values, frames, fromLayer }, layer) =>
      stack.row(weights, frames === 'layers' ? layer : Math.min(fromLayer, layer), layer, Number(values.residual), Number(values.discard)),
    products: ({ values, frames, fromLayer }, layers, all) =>
      layers.reduce((sum, layer) => sum + (frames === 'layers' ? 1 : Math.max(1, layer - fromLayer + 1)), 0) + (Number(values.discard) > 0 ? 8 * all : 0),
  }),
  attention: ofAttention({
    row: (stack, weights, _, layer) => stack.attention(weights, layer),
    products: (_, layers) => layers.length,
  }),
  alignment: {
    able: (answer) => answer.hasAlignment,
    asks: ({ view, versus }) => ({ heads: false, versus: view === 'contrast' ? /** @type {string | null} */ (versus) : null }),
    settle: (values, answer, labels) => (hasView(values, answer, labels) ? values : { ...values, view: 'cosine' }),
    offers: (name, value, labels) => name !== 'view' || offersView(value, labels),
    maps: alignmentMaps,
    cost: () => 0,
  },
};

/**
 * A method whose map is a row over tokens, made of the attention of all layers.
 * @param {{ row: NonNullable<LocalMethod['row']>, products: (shown: Range, layers: number[], all: number) => number }} method `products`: vector by matrix
 * @returns {LocalMethod}
 */
function ofAttention({ row, products }) {
  return {
    able: () => true,
    asks: ({ head }) => ({ heads: head !== null, versus: null }),
    settle: (values, answer) => (values.head !== null && (!answer.hasHeads || Number(values.head) > answer.heads) ? { ...values, head: null } : values),
    maps: (answer, shown, layer) => [rowMap(answer, shown, layer, row(stackOf(answer, shown), answer.weights(shown.query), shown, layer))],
    cost: (answer, shown, layers) => products(shown, layers, answer.layers) * answer.tokens * answer.tokens,
    row,
  };
}

/** The attention that a method reads: heads fused, or one alone. @param {Answer} answer @param {Pick<Effective, 'values'>} shown */
export const stackOf = (answer, { values }) =>
  answer.stack(/** @type {'mean' | 'max' | 'min'} */ (values.headFusion ?? 'mean'), /** @type {number | null} */ (values.head ?? null));

/** @param {Answer} answer @param {Effective} shown @param {number} layer @param {Float64Array} row @returns {Heatmap} */
export const rowMap = (answer, { values }, layer, row) =>
  ({ layer, head: /** @type {number | null} */ (values.head ?? null), label: null, signed: false, values: answer.patchesOf(row) });

/** @param {Answer} answer @param {Effective} shown @param {number} layer @returns {Heatmap[]} */
function alignmentMaps(answer, { values, labels }, layer) {
  const view = /** @type {import('./views.js').View} */ (values.view);
  const raw = answer.alignments(layer, labels);
  const against = view === 'contrast' ? answer.against(layer, /** @type {string | null} */ (values.versus)) : null;
  const signed = view === 'centered' || view === 'contrast';
  return labels.map((label, index) => ({ layer, head: null, label, signed, values: viewOf(view, raw, index, { temperature: answer.temperature, against }) }));
}

/** @param {unknown} view @param {string[]} labels */
const offersView = (view, labels) => labels.length > 1 || (view !== 'centered' && view !== 'softmax');

/** @param {Values} values @param {Answer} answer @param {string[]} labels */
const hasView = ({ view, versus }, answer, labels) =>
  offersView(view, labels) && (view !== 'contrast' || answer.against(1, /** @type {string | null} */ (versus)) !== null);
