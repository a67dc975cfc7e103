import { context } from '../dom.js';
import { palette } from './colormaps.js';

/**
 * @typedef {import('./colormaps.js').Colormap} Colormap
 * @typedef {import('../compute/answer.js').Rectangle} Rectangle
 */

/**
 * Turns a part of a picture into its luma, dimmed to half: a blue window must not read as a colour of the map.
 * The blend mode "saturation" keeps the luma 0.3 R + 0.59 G + 0.11 B (W3C Compositing, "Lum").
 * @param {HTMLCanvasElement} canvas @param {Rectangle} part within the picture: beyond it, the fill would show
 */
export function dimToGrey(canvas, { x, y, width, height }) {
  const ctx = context(canvas);
  for (const [mode, colour] of /** @type {const} */ ([['saturation', '#000'], ['multiply', '#808080']])) {
    ctx.globalCompositeOperation = mode;
    ctx.fillStyle = colour;
    ctx.fillRect(x, y, width, height);
  }
  ctx.globalCompositeOperation = 'source-over';
}

/** @type {Map<string, Uint32Array>} */
const fading = new Map();

/**
 * The colours to paint a map with; where values fade, with an opacity that follows the value, or its distance from zero.
 * @param {Colormap} colormap @param {boolean} signed @param {import('../settings/table.js').Settings['blend']} blend
 */
export function coloursOf(colormap, signed, blend) {
  if (blend !== 'value') return palette(colormap);
  const key = `${colormap} ${signed}`;
  let colours = fading.get(key);
  if (!colours) {
    const opacity = (/** @type {number} */ index) => (signed ? Math.abs(2 * index - 255) : index);
    colours = palette(colormap).map((pixel, index) => ((pixel & 0xffffff) | (opacity(index) << 24)) >>> 0);
    fading.set(key, colours);
  }
  return colours;
}
