import { defaultQuery } from './maps.js';
import { defaults } from './state.js';

/**
 * @typedef {import('./maps.js').Effective} Effective
 * @typedef {import('./answer.js').Answer} Answer
 * @typedef {import('./loader.js').Question} Question
 * @typedef {'explain/overlay' | 'explain/animation' | 'explain/grid' | 'explain' | 'explain/tensors'} Endpoint
 */

/** The query of the page's own request. @param {Question} question */
export function tensorsQuery({ model, labels, prompt, versus, heads }) {
  return encode([...subject(model, labels, prompt), ['versus', versus], ['heads', heads ? 'each' : null]]);
}

/**
 * The query that makes an endpoint answer with exactly what is on screen; what equals the endpoint's default is left out.
 * @param {Endpoint} endpoint @param {Effective} shown @param {Answer} answer
 */
export function queryFor(endpoint, shown, answer) {
  const { model, labels, prompt } = answer.question;
  if (endpoint === 'explain/tensors') return tensorsQuery(answer.question);
  const single = endpoint === 'explain' || endpoint === 'explain/overlay';
  const { fromLayer, toLayer } = single ? rangeAt(shown) : shown;
  return encode([
    ...subject(model, labels.length ? shown.labels : [], prompt),
    ['method', other(shown.method, 'rollout')],
    ...(shown.method === 'alignment' ? alignmentPart(shown) : attentionPart(shown, answer)),
    ['fromLayer', other(fromLayer, 1)],
    ['toLayer', other(toLayer, answer.layers)],
    ...(endpoint === 'explain' ? [] : lookPart(shown, endpoint)),
  ]);
}

/** The layers whose map is on screen: up to the one looked at, or that one alone. @param {Effective} shown */
export function rangeAt({ method, frames, fromLayer, at }) {
  return { fromLayer: method === 'rollout' && frames === 'layers' ? at : fromLayer, toLayer: at };
}

/** Labels as one comma-separated value, those that hold a comma or a quote quoted as in CSV. @param {string[]} labels */
export const toCsv = (labels) => labels.map((label) => (/[",]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label)).join(',');

/** @param {string} text */
export function fromCsv(text) {
  const fields = text.match(/(\s*"(?:[^"]|"")*"\s*|[^,]*)(?:,|$)/g) ?? [];
  return fields.map((field) => field.replace(/,$/, '').trim())
    .map((field) => (/^"[^]*"$/.test(field) ? field.slice(1, -1).replaceAll('""', '"') : field))
    .filter((field) => field !== '');
}

/** @typedef {[string, string | number | null][]} Pairs */

/** @param {string} model @param {string[]} labels @param {string[]} prompt @returns {Pairs} */
const subject = (model, labels, prompt) => [
  ['model', model],
  ['labels', labels.length ? toCsv(labels) : null],
  ...prompt.map((each) => /** @type {Pairs[number]} */ (['prompt', each])),
];

/** @param {Effective} shown @returns {Pairs} */
const alignmentPart = ({ target, view, versus }) => [
  ['target', target],
  ['view', other(view, 'cosine')],
  ['versus', view === 'contrast' ? versus : null],
];

/** @param {Effective} shown @param {Answer} answer @returns {Pairs} */
const attentionPart = (shown, answer) => [
  ['headFusion', shown.head === null ? other(shown.headFusion, 'mean') : null],
  ['head', shown.head],
  ['residual', shown.method === 'rollout' ? other(shown.residual, 1) : null],
  ['discard', shown.method === 'rollout' ? other(shown.discard, 0) : null],
  ['query', other(shown.query, defaultQuery(answer))],
];

/** @param {Effective} shown @param {Endpoint} endpoint @returns {Pairs} */
const lookPart = (shown, endpoint) => [
  ['colormap', shown.colormap],
  ['opacity', other(shown.opacity, defaults.opacity)],
  ['scale', other(shown.scale, endpoint === 'explain/overlay' ? 'percentile' : 'shared')],
  ['interpolation', other(shown.interpolation, defaults.interpolation)],
  ...(endpoint === 'explain/animation' ? animationPart(shown) : []),
];

/** @param {Effective} shown @returns {Pairs} */
const animationPart = ({ method, frames, delay }) => [
  ['frames', method === 'rollout' ? other(frames, 'cumulative') : null],
  ['delay', other(delay, defaults.delay)],
];

/** The value where it differs from the default, else null: it need not be said. @template T @param {T} value @param {T} usual */
const other = (value, usual) => (value === usual ? null : value);

/** @param {Pairs} pairs */
function encode(pairs) {
  // Commas may stand in a query as they are; spelled out, a list of labels would not be readable.
  return pairs.filter(([, value]) => value !== null).map(([name, value]) => `${name}=${encodeURIComponent(String(value)).replaceAll('%2C', ',')}`).join('&');
}
