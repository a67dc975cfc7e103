import { palette } from '../canvas/colormaps.js';
import { context, create, short } from '../dom.js';

/**
 * @typedef {object} Bar
 * @property {import('../compute/scales.js').Limits} limits
 * @property {import('../compute/screen.js').Screen['colormap']} colormap
 * @property {{ low: string, high: string }} ends what the two ends mean
 * @property {{ values: ArrayLike<number> }[]} maps whose values it stands for: where some lie beyond its ends, it says so
 */

/** A strip of colours with its numbers, and what its ends mean. */
export function colorBar() {
  const canvas = create('canvas', { width: 256, height: 1, attributes: { role: 'img' } });
  const mark = create('span', { class: 'colorbar-mark', hidden: true });
  const [low, middle, high] = [0, 1, 2].map(() => create('output'));
  const [lowWords, highWords] = [0, 1].map(() => create('span', { class: 'colorbar-end' }));
  let limits = { low: 0, high: 1 };

  return {
    element: create('div', { class: 'colorbar' }, canvas, mark, low, middle, high, lowWords, highWords),

    /** @param {Bar} bar */
    show({ limits: shown, colormap, ends, maps }) {
      limits = shown;
      const numbers = numbersOf(shown, maps);
      [low.value, middle.value, high.value] = numbers;
      lowWords.textContent = ends.low;
      highWords.textContent = ends.high;
      canvas.setAttribute('aria-label', `Colour scale: from ${ends.low} at ${numbers[0]} to ${ends.high} at ${numbers[2]}`);
      context(canvas).putImageData(stripOf(colormap), 0, 0);
    },

    /** @param {number | null} value null: none */
    point(value) {
      mark.hidden = value === null;
      if (value !== null) mark.style.left = `${100 * Math.min(1, Math.max(0, (value - limits.low) / (limits.high - limits.low)))}%`;
    },
  };
}

/** The numbers at the low end, in the middle and at the high end. @param {Bar['limits']} limits @param {Bar['maps']} maps */
export function numbersOf({ low, high }, maps) {
  const beyond = (/** @type {(value: number) => boolean} */ test) => maps.some(({ values }) => Array.prototype.some.call(values, test));
  return [(beyond((value) => value < low) ? '≤ ' : '') + short(low), short((low + high) / 2), (beyond((value) => value > high) ? '≥ ' : '') + short(high)];
}

/** The 256 colours, a pixel each. @param {Bar['colormap']} colormap */
export const stripOf = (colormap) => new ImageData(new Uint8ClampedArray(palette(colormap).slice().buffer), 256, 1);
