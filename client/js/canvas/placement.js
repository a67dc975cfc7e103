/**
 * Where the picture lies on the canvas: canvas pixel = picture pixel · zoom + (x, y).
 * @typedef {{ zoom: number, x: number, y: number }} Placement
 * @typedef {{ width: number, height: number }} Size
 * @typedef {import('../compute/answer.js').Rectangle} Rectangle
 */

const mostZoom = 40;

/** The whole picture, centred. @param {Size} canvas @param {Size} picture @returns {Placement} */
export function fit(canvas, picture) {
  const zoom = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  return { zoom, x: centred(canvas.width, picture.width * zoom), y: centred(canvas.height, picture.height * zoom) };
}

/** On whole pixels: an edge between two lets colours of the picture shine through under the map. @param {number} room @param {number} length */
const centred = (room, length) => Math.round((room - length) / 2);

/**
 * Zooms so that the picture point under (x, y) stays there.
 * @param {Placement} from @param {number} factor @param {{ x: number, y: number }} point @param {Size} canvas @param {Size} picture
 */
export function zoomAbout(from, factor, { x, y }, canvas, picture) {
  const least = fit(canvas, picture).zoom;
  const zoom = Math.min(least * mostZoom, Math.max(least, from.zoom * factor));
  const ratio = zoom / from.zoom;
  return contain({ zoom, x: x - (x - from.x) * ratio, y: y - (y - from.y) * ratio }, canvas, picture);
}

/** @param {Placement} from @param {number} dx @param {number} dy @param {Size} canvas @param {Size} picture */
export const pan = (from, dx, dy, canvas, picture) => contain({ zoom: from.zoom, x: from.x + dx, y: from.y + dy }, canvas, picture);

/**
 * Keeps a larger picture over the whole canvas and centres a smaller one.
 * @param {Placement} placement @param {Size} canvas @param {Size} picture
 * @returns {Placement}
 */
function contain({ zoom, x, y }, canvas, picture) {
  const along = (/** @type {number} */ offset, /** @type {number} */ room, /** @type {number} */ length) =>
    length <= room ? centred(room, length) : Math.min(0, Math.max(room - length, offset));
  return { zoom, x: along(x, canvas.width, picture.width * zoom), y: along(y, canvas.height, picture.height * zoom) };
}

/** A rectangle of the picture on the canvas. @param {Placement} placement @param {Rectangle} rectangle @returns {Rectangle} */
export const onCanvas = ({ zoom, x, y }, rectangle) =>
  ({ x: x + rectangle.x * zoom, y: y + rectangle.y * zoom, width: rectangle.width * zoom, height: rectangle.height * zoom });

/**
 * The patch under a canvas point; null outside what the model saw.
 * @param {Placement} placement @param {number} x @param {number} y @param {Rectangle} seen @param {{ rows: number, columns: number }} grid
 */
export function patchAt(placement, x, y, seen, grid) {
  const column = Math.floor((((x - placement.x) / placement.zoom - seen.x) / seen.width) * grid.columns);
  const row = Math.floor((((y - placement.y) / placement.zoom - seen.y) / seen.height) * grid.rows);
  return row >= 0 && row < grid.rows && column >= 0 && column < grid.columns ? { row, column } : null;
}

/**
 * A patch as a rectangle of the picture.
 * @param {{ row: number, column: number }} patch @param {Rectangle} seen @param {{ rows: number, columns: number }} grid
 * @returns {Rectangle}
 */
export function patchRectangle({ row, column }, seen, grid) {
  const width = seen.width / grid.columns;
  const height = seen.height / grid.rows;
  return { x: seen.x + column * width, y: seen.y + row * height, width, height };
}
