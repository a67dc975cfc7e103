import { layerOf, takes, valuesOf } from '../settings/declared.js';
import { modelOf } from '../store.js';
import { localMethods } from './localMethods.js';

/**
 * @typedef {import('../network/api.js').Method} Method
 * @typedef {import('../store.js').State} State
 * @typedef {import('./answer.js').Answer} Answer
 */

/**
 * The settings as they apply to an answer: defaults filled in, what its model or labels cannot serve replaced by what they can.
 * @param {State} state @param {Answer} answer
 */
export function effective(state, answer) {
  const labels = labelsOf(state, answer);
  const method = methodOf(state, answer);
  const chosen = valuesOf(method, state.parameters);
  const usual = defaultRange(method, answer.layers);
  const toLayer = clamp(state.toLayer ?? usual.toLayer, 1, answer.layers);
  const fromLayer = clamp(state.fromLayer ?? usual.fromLayer, 1, toLayer);
  return {
    method,
    usual,
    chosen,
    values: localMethods[method.name]?.settle(chosen, answer, labels) ?? chosen,
    fromLayer,
    toLayer,
    at: clamp(state.at ?? toLayer, fromLayer, toLayer),
    frames: method.frames.includes(state.frames ?? '') ? state.frames : (method.frames[0] ?? null),
    labels,
    target: state.target !== null && labels.includes(state.target) ? state.target : (best(answer, labels) ?? null),
    query: queryOf(state, answer, method),
    colormap: state.colormap,
    opacity: state.opacity,
    blend: state.blend,
    scale: state.scale,
    interpolation: state.interpolation,
    delay: state.delay,
    score: state.score,
  };
}

/** @typedef {ReturnType<typeof effective>} Effective */

/**
 * The method that was chosen, else the first that can be shown: of those that show labels as it does, where there is one.
 * @param {State} state @param {Answer} answer @returns {Method}
 */
function methodOf(state, answer) {
  const offered = state.methods.filter((method) => whyNot(method, state, answer) === null);
  const chosen = state.methods.find(({ name }) => name === state.method);
  if (chosen && offered.includes(chosen)) return chosen;
  if (chosen?.labels === 'needed') return recommended(state, answer) ?? offered[0] ?? state.methods[0];
  return offered.find(({ labels }) => labels === chosen?.labels) ?? offered[0] ?? state.methods[0];
}

/** The method that the server recommends for labels; until it has loaded the model, the first that shows them. @param {State} state @param {Answer} answer */
function recommended(state, answer) {
  const named = modelOf({ models: state.models, model: answer.model.id })?.recommended;
  const offered = state.methods.filter((method) => method.labels === 'needed' && whyNot(method, state, answer) === null);
  return offered.find(({ name }) => name === named) ?? offered[0] ?? null;
}

/** The method that shows a label's map: the one on screen where it depends on labels, else what is recommended. @param {State} state @param {Answer} answer */
export function labelMethod(state, answer) {
  const current = methodOf(state, answer);
  if (current.labels !== 'unused') return current;
  return recommended(state, answer);
}

/** Why a method cannot be shown; null where it can. @param {Method} method @param {State} state @param {Answer} answer */
export function whyNot({ name, labels }, state, answer) {
  const model = modelOf({ models: state.models, model: answer.model.id });
  // What a model can serve is known once it has been loaded.
  if (model && model.text !== null && !model.methods.includes(name)) {
    return model.unavailable?.find(({ method }) => method === name)?.reason ?? 'Not offered by this model.';
  }
  if (labels === 'needed' && answer.labels.length === 0) return 'Add a label first.';
  return localMethods[name]?.able(answer) === false ? 'Not offered by this model.' : null;
}

/** The range of layers that a method has where none is chosen. @param {Method} method @param {number} layers */
function defaultRange(method, layers) {
  const of = (/** @type {string} */ name) => method.parameters.find((parameter) => parameter.name === name)?.default;
  return { fromLayer: layerOf(of('fromLayer'), layers, 1), toLayer: layerOf(of('toLayer'), layers, layers) };
}

/**
 * Those chosen that the answer has, in their order; of a classifier, its best classes and those asked for besides.
 * @param {State} state @param {Answer} answer
 */
function labelsOf(state, answer) {
  if (answer.question.classes) return answer.labels;
  const labels = state.labels.filter((label) => answer.labels.includes(label));
  return labels.length ? labels : answer.labels;
}

/** @param {Answer} answer @param {string[]} labels */
const best = (answer, labels) => answer.predictions.find(({ label }) => labels.includes(label))?.label ?? labels[0];

/**
 * The token asked from, where there is one that the model has; null: the method's own default.
 * @param {State} state @param {Answer} answer @param {Method} method
 */
function queryOf({ query: chosen, cursor, hover }, answer, method) {
  const query = cursor && hover === 'ask' && asksAtOnce({ method }) ? `${cursor.row},${cursor.column}` : chosen;
  if (needsPatch({ method }) && !query?.includes(',')) return `${answer.grid.rows >> 1},${answer.grid.columns >> 1}`;
  if (query === null || query === 'mean') return query;
  if (query === 'cls') return answer.hasCls ? query : null;
  const { row, column } = patchOf(query);
  return row < answer.grid.rows && column < answer.grid.columns ? query : null;
}

/** The patch that a query names. @param {string} query */
export function patchOf(query) {
  const [row, column] = query.split(',').map(Number);
  return { row, column };
}

/** Whether the map answers to a token that can be chosen. @param {{ method: Method }} shown */
export const asksFromTokens = ({ method }) => takes(method, 'query');

/** Whether that token must be a patch. @param {{ method: Method }} shown */
export const needsPatch = ({ method }) => method.parameters.some(({ name, range }) => name === 'query' && range === 'row,column');

/**
 * Whether a pointer that moves may ask: where the page answers itself, and where all that the server does is compare patches with one.
 * @param {{ method: Method }} shown
 */
export const asksAtOnce = ({ method }) => asksFromTokens({ method }) && (localMethods[method.name] !== undefined || needsPatch({ method }));

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
