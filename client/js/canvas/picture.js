import { takeOrientation, turning } from './orientation.js';

/**
 * A picture to ask about: the bytes as they are sent, and the same decoded for the canvas.
 * @typedef {object} Picture
 * @property {Blob} blob
 * @property {string} name
 * @property {ImageBitmap | null} bitmap as the server sees it: upright, on white, without its colour profile; null where the browser cannot read it
 * @property {string} sample its id among the samples, or `own`
 */

/** In place of a sample's id: a picture of the user's own. */
export const own = 'own';

/** @param {Blob} blob @param {string} name @param {string} sample @returns {Promise<Picture>} */
export async function openPicture(blob, name, sample) {
  try {
    return { blob, name, sample, bitmap: await decode(blob) };
  } catch {
    return { blob, name, sample, bitmap: null };
  }
}

/** Safari on phones draws no canvas beyond this; a larger picture is shown with fewer pixels. */
const mostPixels = 2 ** 24;

/** @param {Blob} blob */
async function decode(blob) {
  const { orientation, parts } = takeOrientation(new Uint8Array(await blob.arrayBuffer()));
  const stored = await createImageBitmap(new Blob(parts, { type: blob.type }), { colorSpaceConversion: 'none' });
  const { width, height, matrix } = turning(orientation, stored);
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
  const canvas = new OffscreenCanvas(Math.floor(width * scale), Math.floor(height * scale));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.scale(canvas.width / width, canvas.height / height);
  context.transform(...matrix);
  context.drawImage(stored, 0, 0);
  stored.close();
  return canvas.transferToImageBitmap();
}
