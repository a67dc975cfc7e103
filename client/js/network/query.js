import { chosenOf, takes } from '../settings/declared.js';
import { toCsv } from '../settings/csv.js';
import { names, table } from '../settings/table.js';

/**
 * @typedef {import('../compute/effective.js').Effective} Effective
 * @typedef {import('../compute/answer.js').Answer} Answer
 * @typedef {import('./loader.js').Question} Question
 * @typedef {'overlay' | 'animation' | 'grid' | 'regions' | 'evidence' | 'tensors' | 'compare'} Part
 * @typedef {'explain' | `explain/${Part}`} Endpoint
 * @typedef {[string, string | number | null][]} Pairs
 */

/** The query of the page's own request. @param {Question} question */
export function tensorsQuery(question) {
  return encode([...subject(question), ['versus', question.versus], ['heads', question.heads ? 'each' : null]]);
}

/**
 * The query that fetches what a method says at a layer; where it has one map a layer, at all of them.
 * @param {Effective} shown @param {Answer} answer @param {number} layer
 */
export function mapsQuery(shown, answer, layer) {
  const range = shown.method.layers === 'through' ? rangeAt({ ...shown, at: layer }) : { fromLayer: 1, toLayer: answer.layers };
  // Labels that change nothing would have the same map fetched again.
  const labels = shown.method.labels === 'unused' ? [] : shown.labels;
  return encode([...asked(shown, answer, labels), ...layerPart(shown, range)]);
}

/**
 * The query that sets methods side by side, each by its own defaults, for the label on screen.
 * @param {string[]} methods @param {Effective} shown @param {Answer} answer
 */
export const methodsQuery = (methods, shown, answer) => encode([
  ...subject(answer.question, shown.labels), ['methods', methods.join(',')], ['target', shown.target], ['score', shown.score ? 'true' : null],
]);

/**
 * The query that sets another model beside the one on screen, by the method on screen.
 * @param {string} model @param {Effective} shown @param {Answer} answer
 */
export function modelsQuery(model, shown, answer) {
  const { question } = answer;
  const labelled = shown.method.labels !== 'unused';
  return encode([
    ['models', [question.model, model].join(',')],
    ...asked(shown, { question: { ...question, model: null } }, labelled ? shown.labels : []),
    ['target', labelled ? shown.target : null],
    ...layerPart(shown, rangeAt(shown)),
    ['score', shown.score ? 'true' : null],
  ]);
}

/** The same comparison as one labelled picture. @param {string} query @param {Effective} shown */
export const comparedPictureQuery = (query, shown) => `${query}&${encode([...lookPart(shown, 'explain/compare'), ['format', 'png']])}`;

/**
 * The query that makes an endpoint answer with exactly what is on screen; what equals its default is left out.
 * @param {Endpoint} endpoint @param {Effective} shown @param {Answer} answer
 */
export function queryFor(endpoint, shown, answer) {
  if (endpoint === 'explain/tensors') return tensorsQuery(answer.question);
  const range = ofOneMap.includes(endpoint) ? rangeAt(shown) : shown;
  // Labels that nobody chose need not be said, unless they are what is shown.
  const labels = answer.question.labels.length || shown.method.labels !== 'unused' ? shown.labels : [];
  return encode([
    ...asked(shown, answer, labels),
    ['target', shown.method.labels === 'unused' ? null : shown.target],
    ...layerPart(shown, range),
    ['frames', endpoint === 'explain/animation' ? other(shown.frames, shown.method.frames[0]) : null],
    ...lookPart(shown, endpoint),
  ]);
}

/** The query that sets what was expected against what was predicted. @param {Answer} answer @param {string} label */
export const expectedQuery = ({ question }, label) => encode([...subject(question), ['expected', label]]);

/** Endpoints that answer with the map on screen; others show how it came about. */
const ofOneMap = ['explain', 'explain/overlay', 'explain/regions'];

/** The layers whose map is on screen: up to the one looked at, or that one alone. @param {Pick<Effective, 'method' | 'frames' | 'fromLayer' | 'at'>} shown */
function rangeAt({ method, frames, fromLayer, at }) {
  return { fromLayer: method.layers === 'through' && frames === 'layers' ? at : fromLayer, toLayer: at };
}

/** @typedef {Pick<Question, 'labels' | 'prompt' | 'resolution'> & { model: string | null }} Subject `model` null: named otherwise */

/** @param {Effective} shown @param {{ question: Subject }} answer @param {string[]} labels @returns {Pairs} */
const asked = ({ method, values, query }, { question }, labels) => [
  ...subject(question, labels),
  ['method', method.name],
  ...chosenOf(method, values),
  ['query', takes(method, 'query') ? query : null],
];

/**
 * What every call about this picture carries: who is asked, about which labels, at which size.
 * @param {Subject} question @param {string[]} [labels] where a call needs others @returns {Pairs}
 */
const subject = ({ model, labels: own, prompt, resolution }, labels = own) => [
  ['model', model],
  ['labels', labels.length ? toCsv(labels) : null],
  ...prompt.map((each) => /** @type {Pairs[number]} */ (['prompt', each])),
  ['resolution', resolution],
];

/** @param {Effective} shown @param {{ fromLayer: number, toLayer: number }} range @returns {Pairs} */
const layerPart = ({ method, usual }, { fromLayer, toLayer }) => [
  ['fromLayer', takes(method, 'fromLayer') ? other(fromLayer, usual.fromLayer) : null],
  ['toLayer', takes(method, 'toLayer') ? other(toLayer, usual.toLayer) : null],
];

/** @param {Effective} shown @param {Endpoint} endpoint @returns {Pairs} */
const lookPart = (shown, endpoint) => names
  .filter((name) => endpoint in (table[name].sent ?? {}))
  .map((name) => [name, other(/** @type {Record<string, any>} */ (shown)[name], table[name].sent?.[endpoint])]);

/** The value where it differs from the default, else null: it need not be said. @template T @param {T} value @param {unknown} usual */
const other = (value, usual) => (value === usual ? null : value);

/** @param {Pairs} pairs */
function encode(pairs) {
  // Commas may stand in a query as they are; spelled out, a list of labels would not be readable.
  return pairs.filter(([, value]) => value !== null).map(([name, value]) => `${name}=${encodeURIComponent(String(value)).replaceAll('%2C', ',')}`).join('&');
}
