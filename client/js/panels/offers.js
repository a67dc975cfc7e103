import { ownParameters, readValue } from '../settings/declared.js';
import { table } from '../settings/table.js';
import { inWords, titleOf, valueTitleOf } from './wording.js';

/** @typedef {{ words: string, change: Partial<import('../store.js').State> }} Offer */

/** What a setting does to the map on screen. @type {Record<string, string>} */
const effects = { 'scale=shared': 'Show the other patches', 'sinks=mask': 'Leave them out' };

/** A warning of the API as the page says it: places count from 1, and settings have their titles. @param {string} warning */
export const warningInWords = (warning) => warning
  .replace(/\(row,column ([^)]*)\)/, (_, places) => `(${places.replace(/(\d+),(\d+)/g, place)})`)
  .replace('scale=shared', 'the colour range “Same for all layers”')
  .replace('sinks=mask leaves it out', 'they can be left out');

/** @param {string} _ @param {string} row @param {string} column */
const place = (_, row, column) => `row ${Number(row) + 1}, column ${Number(column) + 1}`;

/**
 * Settings that a warning names as `name=value` and that are not chosen: one click each.
 * @param {string} warning @param {import('../store.js').State} state
 * @returns {Offer[]}
 */
export function offersIn(warning, { wanted, parameters, scale }) {
  if (!wanted) return [];
  const { method, chosen } = wanted;
  return [...warning.matchAll(/\b([a-z]\w*)=(\w+)/gi)].flatMap(([text, name, value]) => {
    const change = name === 'scale' ? ofScale(value) : ofMethod(name, value);
    return change ? [{ words: effects[text] ?? inSentence(name, value), change }] : [];
  });

  /** @param {string} name @param {string} value */
  function inSentence(name, value) {
    const parameter = ownParameters(method).find((own) => own.name === name);
    return `Set “${parameter ? titleOf(parameter) : inWords(name)}” to “${parameter ? valueTitleOf(parameter, value) : value}”`;
  }

  /** @param {string} value */
  function ofScale(value) {
    const read = table.scale.read(value);
    return read === undefined || read === scale ? null : { scale: read };
  }

  /** @param {string} name @param {string} value */
  function ofMethod(name, value) {
    const parameter = ownParameters(method).find((own) => own.name === name);
    const read = parameter && readValue(parameter, value);
    return read === undefined || read === chosen[name] ? null : { parameters: { ...parameters, [name]: value } };
  }
}
