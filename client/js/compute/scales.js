/** @typedef {import('../settings/table.js').Settings['scale']} Scale */
/**
 * The values that the lowest and the highest colour stand for, and what they were taken from.
 * @typedef {{ low: number, high: number, by: 'percentiles' | 'extremes' | 'fixed' }} Limits
 * @typedef {{ low: number, high: number }} Range
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
  if (maps.length === 0) return { low: 0, high: 1, by: 'fixed' };
  const centred = (/** @type {Range} */ { low, high }) => {
    const bound = Math.max(Math.abs(low), Math.abs(high));
    return signed ? { low: -bound, high: bound } : { low, high };
  };
  const { ends, inner } = rangesOf(maps);
  if (scale === 'minmax') return { ...centred(ends), by: 'extremes' };
  const range = scale === 'shared' ? { ...centred(inner), by: percentiles } : widest(maps.map((map) => keepingOutliers(rangesOf([map]), centred)));
  return isFlat(range) ? { ...centred(ends), by: 'extremes' } : range;
}

const percentiles = /** @type {const} */ ('percentiles');

/**
 * Lowest to highest value, and 1st to 99th percentile, of all maps together.
 * @param {{ values: ArrayLike<number> }[]} maps @returns {{ ends: Range, inner: Range }}
 */
function rangesOf(maps) {
  const sorted = new Float64Array(maps.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of maps) {
    sorted.set(values, at);
    at += values.length;
  }
  sorted.sort();
  return { ends: { low: sorted[0], high: sorted[sorted.length - 1] }, inner: { low: percentile(sorted, 0.01), high: percentile(sorted, 0.99) } };
}

/**
 * Percentiles hide outliers; where these are another order of magnitude, or all that there is, they are the message.
 * @param {{ ends: Range, inner: Range }} ranges @param {(range: Range) => Range} centred @returns {Limits}
 */
function keepingOutliers(ranges, centred) {
  const [ends, inner] = [centred(ranges.ends), centred(ranges.inner)];
  return isFlat(inner) || inner.high < ends.high / 2 ? { ...ends, by: 'extremes' } : { ...inner, by: percentiles };
}

/**
 * What holds all ranges. Each map is judged by itself: a few patches of one label must not hide what another label's map shows.
 * @param {Limits[]} ranges @returns {Limits}
 */
function widest(ranges) {
  const bound = (/** @type {Range} */ { low, high }) => Math.max(Math.abs(low), Math.abs(high));
  const decides = ranges.reduce((most, range) => (bound(range) > bound(most) ? range : most));
  return { low: Math.min(...ranges.map(({ low }) => low)), high: Math.max(...ranges.map(({ high }) => high)), by: decides.by };
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
