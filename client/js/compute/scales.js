/** @typedef {import('../settings/table.js').Settings['scale']} Scale */
/**
 * The values that the lowest and the highest colour stand for, and what they were taken from.
 * @typedef {{ low: number, high: number, by: 'percentiles' | 'extremes' | 'fixed' }} Limits
 */

/** Below this spread a map is flat: it says nothing, and its noise must not be stretched. */
const flatSpread = 1e-12;

/**
 * The limits of a colour scale over one map, or over all maps that share it; around zero where they are signed. Values are those of the grid, not of
 * the enlarged picture.
 * @param {Scale} scale @param {{ values: ArrayLike<number>, signed: boolean }[]} all @returns {Limits}
 */
export function limitsOf(scale, all) {
  // A label's difference to itself is flat: it must not narrow the range of the others.
  const uneven = all.filter(({ values }) => !isEven(values));
  const maps = uneven.length ? uneven : all;
  const signed = maps.some((map) => map.signed);
  if (scale === 'absolute') return { low: signed ? -1 : 0, high: 1, by: 'fixed' };
  const sorted = new Float64Array(maps.reduce((sum, { values }) => sum + values.length, 0));
  if (sorted.length === 0) return { low: 0, high: 1, by: 'fixed' };
  let at = 0;
  for (const { values } of maps) {
    sorted.set(values, at);
    at += values.length;
  }
  sorted.sort();
  const centred = (/** @type {number} */ low, /** @type {number} */ high) => {
    const bound = Math.max(Math.abs(low), Math.abs(high));
    return signed ? { low: -bound, high: bound } : { low, high };
  };
  const ends = centred(sorted[0], sorted[sorted.length - 1]);
  const inner = centred(percentile(sorted, 0.01), percentile(sorted, 0.99));
  // Percentiles hide outliers; where these are a different order of magnitude, or all that there is, they are the message.
  const hides = isFlat(inner) || (scale === 'percentile' && inner.high < ends.high / 2);
  return scale === 'minmax' || hides ? { ...ends, by: 'extremes' } : { ...inner, by: 'percentiles' };
}

/** @param {ArrayLike<number>} values */
function isEven(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  return high - low < flatSpread;
}

/** @param {{ low: number, high: number }} limits */
export const isFlat = ({ low, high }) => high - low < flatSpread;

/** Linear interpolation between the two nearest ranks. @param {Float64Array} sorted @param {number} share */
function percentile(sorted, share) {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
