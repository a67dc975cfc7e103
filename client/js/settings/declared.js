import { keys } from './table.js';
import { within } from './kinds.js';

/**
 * @typedef {import('../network/api.js').Method} Method
 * @typedef {import('../network/api.js').Parameter} Parameter
 * @typedef {import('./table.js').Settings} Settings
 */

/** Of requests alone: the page shows heads and labels side by side by itself. */
const ofRequests = ['heads', 'matrix', 'panels', 'textTokens'];

/** The parameters that are not among the page's own settings. @param {Method} method */
export const ownParameters = (method) =>
  method.parameters.filter(({ name }) => !keys.includes(/** @type {keyof Settings} */ (name)) && !ofRequests.includes(name));

/** @param {Method} method @param {string} name */
export const takes = (method, name) => method.parameters.some((parameter) => parameter.name === name);

/** What a text means to a parameter; undefined where it is none of its values. @param {Parameter} parameter @param {string} text */
export function readValue({ type, values, minimum, maximum, range }, text) {
  if (text === '') return undefined;
  if (type === 'flag') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'word') return values.find((word) => word === text);
  if (type === 'text') return text;
  const number = within(Number(text), minimum ?? -Infinity, maximum ?? Infinity);
  // "0 ≤ value < 1": the declaration says in words alone that the end is excluded.
  if (number === undefined || (number === maximum && range.includes('<'))) return undefined;
  return type === 'number' || Number.isInteger(number) ? number : undefined;
}

/** @typedef {Record<string, string | number | boolean | null>} Values */

/**
 * The values that a method's own parameters have: as chosen, else the default; null where that is no value ("all", "none").
 * @param {Method} method @param {Record<string, string>} chosen
 * @returns {Values}
 */
export const valuesOf = (method, chosen) =>
  Object.fromEntries(ownParameters(method).map((parameter) => [parameter.name, readValue(parameter, chosen[parameter.name] ?? '') ?? defaultOf(parameter)]));

/** @param {Parameter} parameter */
const defaultOf = (parameter) => (parameter.type === 'text' ? null : (readValue(parameter, parameter.default) ?? null));

/** What was chosen other than the default, as texts for a query. @param {Method} method @param {Values} values @returns {[string, string][]} */
export const chosenOf = (method, values) => ownParameters(method)
  .filter((parameter) => values[parameter.name] !== null && values[parameter.name] !== defaultOf(parameter))
  .map(({ name }) => [name, String(values[name])]);

/**
 * The layer that a declaration names: a number, `L` for the last, or one counted back from it (`L − 1`).
 * @param {string | undefined} text @param {number} layers @param {number} otherwise
 */
export function layerOf(text, layers, otherwise) {
  const [, last, back, number] = /^(?:(L)(?:\s*[−-]\s*(\d+))?|(\d+))$/.exec(text ?? '') ?? [];
  const layer = last ? layers - Number(back ?? 0) : Number(number ?? otherwise);
  return Math.min(layers, Math.max(1, layer));
}
