import { tables } from './colormapTables.js';

/** @typedef {keyof typeof tables} Colormap */

/** @type {Map<Colormap, Uint32Array>} */
const palettes = new Map();

/** The 256 colours as pixels of an ImageData seen as 32-bit words (alpha, blue, green, red), opaque. @param {Colormap} name */
export function palette(name) {
  let colors = palettes.get(name);
  if (!colors) {
    const bytes = atob(tables[name]);
    colors = Uint32Array.from({ length: 256 }, (_, i) =>
      (0xff000000 | (bytes.charCodeAt(3 * i + 2) << 16) | (bytes.charCodeAt(3 * i + 1) << 8) | bytes.charCodeAt(3 * i)) >>> 0);
    palettes.set(name, colors);
  }
  return colors;
}
