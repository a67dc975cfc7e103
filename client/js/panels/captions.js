import { asksFromTokens, patchOf } from '../compute/effective.js';
import { takes } from '../settings/declared.js';
import { captionsOf, wordingOf } from './wording.js';

/** @typedef {import('../compute/screen.js').Screen} Screen */

/** The colours of the highest and the lowest values, in a word. @type {Partial<Record<Screen['colormap'], [string, string]>>} */
const colourWords = { coolwarm: ['red', 'blue'], turbo: ['red', 'blue'], jet: ['red', 'blue'] };

/** What the picture shows, in a sentence for those who know none of this. @param {Screen} screen */
export function sentenceOf(screen) {
  const { answer, shown, map, colours, colormap } = screen;
  const { method, target } = shown;
  const [high, low] = colourWords[colormap] ?? ['bright', 'dark'];
  const model = answer.model.id;
  if (colours) return `Patches of like colour are alike to ${model}. ${sharesInWords(colours.explained)}`;
  if (!map) return `${method.title} of ${model}, in numbers.`;
  if (map.label !== null) {
    const rival = rivalOf(screen);
    if (rival) return `What tells “${target}” from “${rival}” for ${model}: ${high} patches speak for ${target}, ${low} ones for ${rival}.`;
    if (map.signed) return `Where ${model} finds “${target}”: ${high} patches speak for it, ${low} ones against.`;
    return `Where ${model} finds “${target}”: ${high} patches fit it best.`;
  }
  if (map.signed) return `${capital(high)} patches are like the one that is asked from, ${low} ones unlike it.`;
  const asked = askedOf(screen);
  if (asked?.includes(',')) return `Where ${patchInWords(patchOf(asked))} looks: ${high} patches count most for it.`;
  return `Where ${model} looks${asked === 'mean' ? ', on average over its tokens' : ''}: ${high} patches count most.`;
}

/** @param {number[]} explained */
function sharesInWords([red, green, blue]) {
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  return `Red, green and blue hold ${percent(red)}, ${percent(green)} and ${percent(blue)} of what they differ by.`;
}

/** The same for those who do: method, model, and every value other than its default. @param {Screen} screen */
export function captionOf(screen) {
  const { answer, shown } = screen;
  const { method, values, target, at, fromLayer, frames } = shown;
  const asked = askedOf(screen);
  const from = asked === null ? [] : [`from ${asked === 'cls' ? 'CLS' : asked === 'mean' ? 'the average of all tokens' : patchInWords(patchOf(asked))}`];
  const alone = method.layers === 'each' || frames === 'layers' || fromLayer === at;
  const layers = method.layers === 'none' ? [] : [`${alone ? `layer ${at}` : `layers ${fromLayer}–${at}`} of ${answer.layers}`];
  const label = method.labels === 'unused' || target === null ? [] : [target];
  return [method.title, answer.model.id, ...label, ...from, ...layers, ...captionsOf(method, values)].join(' · ');
}

/** What the two ends of the colours mean. @param {Screen} screen */
export function endsOf(screen) {
  const { map, shown: { target } } = screen;
  if (!map) return { low: '', high: '' };
  const rival = rivalOf(screen);
  if (rival) return { low: `for ${rival}`, high: `for ${target}` };
  if (map.label !== null) return map.signed ? { low: `against ${target}`, high: `for ${target}` } : { low: `less ${target}`, high: `more ${target}` };
  return map.signed ? { low: 'unlike', high: 'alike' } : { low: 'looks little', high: 'looks a lot' };
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

/** @param {string} word */
const capital = (word) => word[0].toUpperCase() + word.slice(1);
