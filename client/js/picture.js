/**
 * A picture to ask about: the bytes as they are sent, and the same decoded for the canvas.
 * @typedef {object} Picture
 * @property {Blob} blob
 * @property {string} name
 * @property {ImageBitmap | null} bitmap upright as the server turns it; null where the browser cannot read it
 * @property {string | null} sample its id among the samples
 */

/** @param {Blob} blob @param {string} name @param {string | null} [sample] @returns {Promise<Picture>} */
export async function openPicture(blob, name, sample = null) {
  try {
    return { blob, name, sample, bitmap: await createImageBitmap(blob, { imageOrientation: 'from-image' }) };
  } catch {
    return { blob, name, sample, bitmap: null };
  }
}
