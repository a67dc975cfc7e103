/** Round numbers from below the lowest value to above the highest: 1, 2 or 5 times a power of ten apart. @param {number} low @param {number} high */
export function ticksOf(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * (/** @type {number} */ ([1, 2, 5, 10].find((each) => each * power >= span / 4)));
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** With as many decimals as the step between two ticks has. @param {number} value @param {number} step */
export const decimal = (value, step) => value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace('-', '−');
