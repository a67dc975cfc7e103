import { asksFromTokens, patchOf } from '../compute/effective.js';
import { takes } from '../settings/declared.js';
import { captionsOf, wordingOf } from './wording.js';

/** @typedef {import('../compute/screen.js').Screen} Screen */

/** The colours of the highest and the lowest values, in a word. @type {Partial<Record<Screen['colormap'], [string, string]>>} */
const colorWords = { coolwarm: ['red', 'blue'], turbo: ['red', 'blue'], jet: ['red', 'blue'] };

/** What the picture shows, in a sentence for those who know none of this. @param {Screen} screen */
export function sentenceOf(screen) {
  const { answer, map, colors, shown: { method } } = screen;
  return map || colors ? filled(wordsOf(screen).sentence, screen) : `${method.title} of ${answer.model.id}, in numbers.`;
}

/** What the method says of such a map. @param {Screen} screen @returns {import('../network/api.js').Words} */
function wordsOf(screen) {
  const { map, shown: { method: { words } } } = screen;
  return (map && map.label !== null && rivalOf(screen) && words.versus) || (map?.signed ? words.signed : words.unsigned);
}

/** The words with texts in place of the names in braces. @param {string} words @param {Screen} screen */
function filled(words, screen) {
  const { answer, shown: { target }, colors, colormap } = screen;
  const [high, low] = colorWords[colormap] ?? ['bright', 'dark'];
  /** @type {Record<string, string | null>} */
  const texts = {
    model: answer.model.id, label: target, versus: rivalOf(screen), asked: tokenInWords(screen), high, low,
    shares: colors && sharesInWords(colors.explained),
  };
  return words.replace(/\{(\w+)\}/g, (braced, name) => texts[name] ?? braced);
}

/** Whose attention is shown, or what is compared. @param {Screen} screen */
function tokenInWords(screen) {
  const { model } = screen.answer;
  const asked = askedOf(screen);
  return asked?.includes(',') ? patchInWords(patchOf(asked)) : asked === 'mean' ? `an average token of ${model.id}` : model.id;
}

/** @param {number[]} explained */
function sharesInWords([red, green, blue]) {
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  return `${percent(red)}, ${percent(green)} and ${percent(blue)}`;
}

/** The same for those who do: method, model, and every value other than its default. @param {Screen} screen */
export function captionOf(screen) {
  const { answer, shown } = screen;
  const { method, values, target, at, fromLayer, frames } = shown;
  const asked = askedOf(screen);
  const from = asked === null ? [] : [`from ${asked === 'cls' ? 'CLS' : asked === 'mean' ? 'the average of all patches' : patchInWords(patchOf(asked))}`];
  const alone = method.layers === 'each' || frames === 'layers' || fromLayer === at;
  const layers = method.layers === 'none' ? [] : [`${alone ? `layer ${at}` : `layers ${fromLayer}–${at}`} of ${answer.layers}`];
  const label = method.labels === 'unused' || target === null ? [] : [target];
  return [method.title, answer.model.id, ...label, ...from, ...layers, ...captionsOf(method, values)].join(' · ');
}

/** What the two ends of the colours mean. @param {Screen} screen */
export function endsOf(screen) {
  if (!screen.map) return { low: '', high: '' };
  const { low, high } = wordsOf(screen);
  return { low: filled(low, screen), high: filled(high, screen) };
}

/** How the range of the colours was chosen. @param {Screen} screen */
export function rangeInWords({ limits, shown: { scale }, set }) {
  const words = {
    percentiles: scale === 'shared' ? 'one range for all layers, outliers clipped' : 'outliers clipped',
    extremes: scale === 'minmax' ? 'lowest to highest' : 'lowest to highest: a few patches stand far above the rest',
    fixed: 'fixed range',
  };
  return `Colours: ${words[limits.by]}${set.maps.length > 1 ? '; the same for all labels' : ''}.`;
}

/** @param {{ row: number, column: number }} patch */
const patchInWords = ({ row, column }) => `the patch in row ${row + 1}, column ${column + 1}`;

/** The query that took effect; null where the method has none. @param {Screen} screen */
const askedOf = ({ answer, shown }) => (asksFromTokens(shown) ? (shown.query ?? answer.wholeQuery) : null);

/** The label that the target is set against, where it is. @param {Screen} screen */
function rivalOf({ shown: { method, values } }) {
  const { versus } = values;
  return takes(method, 'versus') && versus !== null && wordingOf('versus').matters?.(values) !== false ? String(versus) : null;
}
