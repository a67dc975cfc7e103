import { context } from '../dom.js';
import { palette } from './colormaps.js';

/**
 * @typedef {import('./colormaps.js').Colormap} Colormap
 * @typedef {import('../compute/answer.js').Rectangle} Rectangle
 * @typedef {import('../settings/table.js').Settings['blend']} Blend
 */

/**
 * Turns a part of a picture into its luma, dimmed: a blue window must not read as a colour of the map.
 * The blend mode "saturation" keeps the luma 0.3 R + 0.59 G + 0.11 B (W3C Compositing, "Lum").
 * @param {HTMLCanvasElement} canvas @param {Rectangle} part within the picture: beyond it, the fill would show @param {Blend} blend
 */
export function dimToGray(canvas, { x, y, width, height }, blend) {
  const ctx = context(canvas);
  for (const [mode, color] of /** @type {const} */ ([['saturation', '#000'], ['multiply', blend === 'glow' ? '#c0c0c0' : '#808080']])) {
    ctx.globalCompositeOperation = mode;
    ctx.fillStyle = color;
    ctx.fillRect(x, y, width, height);
  }
  ctx.globalCompositeOperation = 'source-over';
}

/** The picture lies under the map as its luma. @param {Blend} blend */
export const isGray = (blend) => blend === 'glow' || blend === 'gray';

/** How opaque the highest values are: where they glow, half the opacity already lights up. @param {Blend} blend @param {number} opacity */
export const strength = (blend, opacity) => (blend === 'glow' ? opacity * (2 - opacity) : opacity);

/** @type {Map<string, Uint32Array>} */
const fading = new Map();

/**
 * The colours to paint a map with; where values fade, with an opacity that follows the value, or its distance from zero.
 * @param {Colormap} colormap @param {boolean} signed @param {Blend} blend
 */
export function colorsOf(colormap, signed, blend) {
  if (blend === 'gray' || blend === 'flat') return palette(colormap);
  const key = `${colormap} ${signed}`;
  let colors = fading.get(key);
  if (!colors) {
    const opacity = (/** @type {number} */ index) => (signed ? Math.abs(2 * index - 255) : index);
    colors = palette(colormap).map((pixel, index) => ((pixel & 0xffffff) | (opacity(index) << 24)) >>> 0);
    fading.set(key, colors);
  }
  return colors;
}
