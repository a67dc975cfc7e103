/**
 * A connected part of a map, in pixels of the picture, as the API gives it.
 * @typedef {object} Region
 * @property {{ x: number, y: number, width: number, height: number }} box
 * @property {number} area pixels
 * @property {number} mass share of the map's positive values
 * @property {{ x: number, y: number }} point
 */

/** COCO's compressed run lengths. @typedef {{ size: [number, number], counts: string }} RunLengths */

/**
 * The regions of one map.
 * @typedef {object} Found
 * @property {string} query that they answer
 * @property {import('../canvas/picture.js').Picture} picture
 * @property {Region[]} regions
 * @property {RunLengths} rle
 * @property {string[]} warnings
 */

/**
 * Runs of pixels inside, column by column: of each column where they begin and end, in turn.
 * @param {RunLengths} rle @returns {number[][]}
 */
export function columnsOf({ size: [height, width], counts }) {
  /** @type {number[][]} */
  const columns = Array.from({ length: width }, () => []);
  let pixel = 0;
  for (const [index, count] of countsOf(counts).entries()) {
    const end = pixel + count;
    while (index % 2 === 1 && pixel < end) {
      const column = Math.floor(pixel / height);
      const stop = Math.min(end, (column + 1) * height);
      columns[column].push(pixel - column * height, stop - column * height);
      pixel = stop;
    }
    pixel = end;
  }
  return columns;
}

/**
 * Five bits a character from '0' on, the lowest first, a sixth where more follow; from the third count on the difference to the one before the last.
 * @param {string} text
 */
function countsOf(text) {
  /** @type {number[]} */
  const counts = [];
  for (let at = 0; at < text.length;) {
    let number = 0;
    let shift = 0;
    let bits;
    do {
      bits = text.charCodeAt(at++) - 48;
      number += (bits & 31) * 2 ** shift;
      shift += 5;
    } while (bits & 32);
    if (bits & 16) number -= 2 ** shift;
    counts.push(counts.length > 2 ? number + counts[counts.length - 2] : number);
  }
  return counts;
}

/**
 * The edges of a mask, in pixels of the picture: across [x, y, x + 1], down [x, y, y'].
 * @param {number[][]} columns
 */
export function edgesOf(columns) {
  /** @type {{ across: [number, number][], down: [number, number, number][] }} */
  const edges = { across: [], down: [] };
  for (let x = 0; x <= columns.length; x++) {
    const own = columns[x] ?? [];
    for (const y of own) edges.across.push([x, y]);
    // Where one of two neighbours begins or ends, they begin or cease to differ.
    const ends = [...own, ...(columns[x - 1] ?? [])].sort((a, b) => a - b);
    for (let i = 0; i + 1 < ends.length; i += 2) if (ends[i] !== ends[i + 1]) edges.down.push([x, ends[i], ends[i + 1]]);
  }
  return edges;
}
