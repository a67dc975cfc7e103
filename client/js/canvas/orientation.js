// Browsers differ in which formats they turn by EXIF (Chromium: JPEG and PNG, not WebP). The server turns all three, so the page reads the tag itself.

const tag = 0x0112;
/** The orientation tag's number for "as stored". */
const asStored = 1;

/**
 * The EXIF orientation of a JPEG, PNG or WebP picture, and its bytes without the EXIF part, so that no browser turns it a second time.
 * @param {Uint8Array<ArrayBuffer>} bytes @returns {{ orientation: number, parts: Uint8Array<ArrayBuffer>[] }} 1…8, and the file in pieces
 */
export function takeOrientation(bytes) {
  const found = find(bytes);
  if (!found) return { orientation: asStored, parts: [bytes] };
  const { start, end, tiff, hidden } = found;
  return { orientation: orientationOf(bytes.subarray(tiff, end)), parts: [bytes.subarray(0, start), hidden, bytes.subarray(end)] };
}

/** @typedef {[number, number, number, number, number, number]} Matrix */

/**
 * How a canvas is turned before the stored picture is drawn at (0, 0): EXIF 2.3, tag 0x0112.
 * @param {number} orientation @param {{ width: number, height: number }} stored
 * @returns {{ width: number, height: number, matrix: Matrix }} the upright picture's size, and the matrix that canvases take
 */
export function turning(orientation, { width: w, height: h }) {
  const size = orientation >= 5 ? { width: h, height: w } : { width: w, height: h };
  /** @type {Matrix[]} */
  const matrices = [
    [1, 0, 0, 1, 0, 0], [-1, 0, 0, 1, w, 0], [-1, 0, 0, -1, w, h], [1, 0, 0, -1, 0, h],
    [0, 1, 1, 0, 0, 0], [0, 1, -1, 0, h, 0], [0, -1, -1, 0, h, w], [0, -1, 1, 0, 0, w],
  ];
  return { ...size, matrix: matrices[orientation - 1] };
}

/**
 * The first EXIF part: from `start` to `end`, its TIFF structure at `tiff`, and what stands in its place.
 * @param {Uint8Array<ArrayBuffer>} bytes @returns {{ start: number, end: number, tiff: number, hidden: Uint8Array<ArrayBuffer> } | null}
 */
function find(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return inJpeg(bytes);
  if (textAt(bytes, 1, 3) === 'PNG') return inChunks(bytes, { first: 8, name: 'eXIf', bigEndian: true });
  if (textAt(bytes, 0, 4) === 'RIFF' && textAt(bytes, 8, 4) === 'WEBP') return inChunks(bytes, { first: 12, name: 'EXIF', bigEndian: false });
  return null;
}

/** Among the segments before the image data. @param {Uint8Array<ArrayBuffer>} bytes */
function inJpeg(bytes) {
  const view = viewOf(bytes);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    const end = at + 2 + view.getUint16(at + 2);
    const isExif = bytes[at + 1] === 0xe1 && textAt(bytes, at + 4, 6) === 'Exif\0\0' && end <= bytes.length;
    if (isExif) return { start: at, end, tiff: at + 10, hidden: new Uint8Array() };
    at = end;
  }
  return null;
}

/**
 * PNG: length, name, data, checksum. RIFF: name, length, data, a byte of padding where that is odd; the file's length stands at its start, so that a part is
 * blanked rather than cut out.
 * @param {Uint8Array<ArrayBuffer>} bytes @param {{ first: number, name: string, bigEndian: boolean }} format
 */
function inChunks(bytes, { first, name, bigEndian }) {
  const view = viewOf(bytes);
  for (let at = first; at + 8 <= bytes.length;) {
    const length = view.getUint32(bigEndian ? at : at + 4, !bigEndian);
    const end = at + 8 + length + (bigEndian ? 4 : length % 2);
    if (textAt(bytes, bigEndian ? at + 4 : at, 4) === name && end <= bytes.length) {
      const part = bytes.slice(at, end);
      // A chunk of an unknown name is skipped.
      part.set([0x78], 0);
      return { start: at, end, tiff: at + 8, hidden: bigEndian ? new Uint8Array() : part };
    }
    at = end;
  }
  return null;
}

/** From a TIFF structure: byte order, the first directory's place, and in it the tag. @param {Uint8Array} tiff */
function orientationOf(tiff) {
  // Some writers of WebP put JPEG's identifier before the structure.
  const body = textAt(tiff, 0, 6) === 'Exif\0\0' ? tiff.subarray(6) : tiff;
  if (body.length < 8) return asStored;
  const view = viewOf(body);
  const little = textAt(body, 0, 2) === 'II';
  const directory = view.getUint32(4, little);
  if (directory + 2 > body.length) return asStored;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= body.length; i++, at += 12) {
    if (view.getUint16(at, little) !== tag) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : asStored;
  }
  return asStored;
}

/** @param {Uint8Array} bytes */
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @param {Uint8Array} bytes @param {number} start @param {number} length */
const textAt = (bytes, start, length) => String.fromCharCode(...bytes.subarray(start, start + length));
