import { context } from '../dom.js';
import { isFlat } from '../compute/scales.js';
import { axis, upsample } from './upsample.js';

/**
 * @typedef {import('../compute/maps.js').Heatmap} Heatmap
 * @typedef {import('../compute/scales.js').Limits} Limits
 * @typedef {import('../compute/answer.js').Rectangle} Rectangle
 */

/**
 * The pixels that a map is sampled at.
 * @typedef {object} Cut
 * @property {{ rows: number, columns: number }} grid of the map
 * @property {Rectangle} whole where the map lies, real numbers in the pixels of the target
 * @property {Rectangle} part the pixels wanted, whole numbers
 * @property {import('./upsample.js').Interpolation} interpolation
 */

/** The pixels of each canvas, kept: at 4K they are megabytes for every step of a slider. @type {WeakMap<HTMLCanvasElement, ImageData>} */
const images = new WeakMap();

/**
 * Paints a map's colours, opaque, exactly as the server does: the raw grid is sampled at each pixel, scaled, clipped and looked up.
 * @param {HTMLCanvasElement} canvas made as large as the part
 * @param {Heatmap} map @param {Limits} limits @param {Uint32Array} colors @param {Cut} cut
 */
export function paintHeat(canvas, map, limits, colors, { grid, whole, part, interpolation }) {
  const image = imageOf(canvas, part);
  const pixels = new Uint32Array(image.data.buffer);
  if (isFlat(limits)) {
    pixels.fill(colors[map.signed ? 128 : 0]);
  } else {
    const across = axis(interpolation, grid.columns, part.x, part.width, whole.x, whole.width);
    const down = axis(interpolation, grid.rows, part.y, part.height, whole.y, whole.height);
    const steps = 256 / (limits.high - limits.low);
    const low = limits.low;
    upsample(map.values, grid.columns, across, down, (values, y) => {
      for (let x = 0, at = y * part.width; x < values.length; x++, at++) {
        const index = (values[x] - low) * steps;
        pixels[at] = colors[index > 0 ? (index < 255 ? index | 0 : 255) : 0];
      }
    });
  }
  context(canvas).putImageData(image, 0, 0);
}

/**
 * The same for a map of colours: each of the first three channels is sampled like a map.
 * @param {HTMLCanvasElement} canvas made as large as the part
 * @param {import('../compute/maps.js').ColorGrid} map @param {Cut} cut
 */
export function paintColors(canvas, { values, channels }, { grid, whole, part, interpolation }) {
  const image = imageOf(canvas, part);
  const across = axis(interpolation, grid.columns, part.x, part.width, whole.x, whole.width);
  const down = axis(interpolation, grid.rows, part.y, part.height, whole.y, whole.height);
  image.data.fill(255);
  for (let channel = 0; channel < 3; channel++) {
    const own = values.filter((_, index) => index % channels === channel);
    // The array of bytes clips and rounds by itself.
    upsample(own, grid.columns, across, down, (row, y) => row.forEach((value, x) => (image.data[4 * (y * part.width + x) + channel] = 255 * value)));
  }
  context(canvas).putImageData(image, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {{ width: number, height: number }} size */
function imageOf(canvas, { width, height }) {
  let image = images.get(canvas);
  if (image?.width !== width || image.height !== height) {
    canvas.width = width;
    canvas.height = height;
    images.set(canvas, (image = new ImageData(width, height)));
  }
  return image;
}

/** The pixels that a rectangle touches, within a canvas. @param {Rectangle} rectangle @param {{ width: number, height: number }} canvas @returns {Rectangle} */
export function pixelsIn({ x, y, width, height }, canvas) {
  const left = Math.max(0, Math.floor(x));
  const top = Math.max(0, Math.floor(y));
  const right = Math.min(canvas.width, Math.ceil(x + width));
  const bottom = Math.min(canvas.height, Math.ceil(y + height));
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}
