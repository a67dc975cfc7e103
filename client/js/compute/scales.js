/** @typedef {import('../settings/table.js').Settings['scale']} Scale */
/** @typedef {{ low: number, high: number }} Limits the values that the lowest and the highest colour stand for */

/** Below this spread a map is flat: it says nothing, and its noise must not be stretched. */
const flatSpread = 1e-12;

/**
 * The limits of a colour scale over one map, or over all maps that share it; around zero where they are signed. Values are those of the grid, not of the enlarged picture.
 * @param {Scale} scale
 * @param {{ values: ArrayLike<number>, signed: boolean }[]} maps
 * @returns {Limits}
 */
export function limitsOf(scale, maps) {
  const signed = maps.some((map) => map.signed);
  if (scale === 'absolute') return { low: signed ? -1 : 0, high: 1 };
  const sorted = new Float64Array(maps.reduce((sum, { values }) => sum + values.length, 0));
  if (sorted.length === 0) return { low: 0, high: 1 };
  let at = 0;
  for (const { values } of maps) {
    sorted.set(values, at);
    at += values.length;
  }
  sorted.sort();
  const ends = { low: sorted[0], high: sorted[sorted.length - 1] };
  const inner = scale === 'minmax' ? ends : { low: percentile(sorted, 0.01), high: percentile(sorted, 0.99) };
  // Most values equal and a few far away: the percentiles meet, and only the full range shows the few.
  const { low, high } = isFlat(inner) ? ends : inner;
  if (!signed) return { low, high };
  const bound = Math.max(Math.abs(low), Math.abs(high));
  return { low: -bound, high: bound };
}

/** @param {Limits} limits */
export const isFlat = ({ low, high }) => high - low < flatSpread;

/** Linear interpolation between the two nearest ranks. @param {Float64Array} sorted @param {number} share */
function percentile(sorted, share) {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
