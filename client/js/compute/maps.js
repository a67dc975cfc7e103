/**
 * @typedef {import('./answer.js').Answer} Answer
 * @typedef {import('./effective.js').Effective} Effective
 */

/**
 * One map over the patch grid, as the API's `maps` has them.
 * @typedef {object} Heatmap
 * @property {number} layer
 * @property {number | null} head
 * @property {string | null} label
 * @property {boolean} signed
 * @property {Float32Array | Float64Array} values row-major over the grid
 */

/**
 * One map of colours over the patch grid: of each patch `channels` numbers from 0 to 1, the first three of them red, green and blue.
 * @typedef {object} ColorGrid
 * @property {number} layer
 * @property {number} channels
 * @property {Float32Array | Float64Array} values row-major over the grid, channels last
 * @property {number[]} explained what each channel holds of what the patches differ by
 */

/**
 * What a method says at one layer.
 * @typedef {object} MapSet
 * @property {Heatmap[]} maps one a label, or one; none where the method shows numbers alone
 * @property {ColorGrid | null} colors where the method has colours instead of maps
 * @property {Record<string, SeriesEntry[]>} series
 * @property {Score[]} scores
 * @property {string[]} warnings
 */

/**
 * Parts beside the label: a number, a list, or a table.
 * @typedef {{ label: string | null } & Record<string, string | null | number | number[] | number[][]>} SeriesEntry
 */
/** @typedef {{ name: string, label: string | null, value: number }} Score */

/**
 * The map that the picture shows: the target's where each label has one, else the last.
 * @param {MapSet} set @param {string | null} target
 * @returns {Heatmap | null}
 */
export const mapFor = ({ maps }, target) => maps.find(({ label }) => label !== null && label === target) ?? maps[maps.length - 1] ?? null;

/** Attention of one head in one layer. @param {Answer} answer @param {Effective} shown @param {number} layer @param {number} head @returns {Heatmap} */
export function headMap(answer, shown, layer, head) {
  return { layer, head, label: null, signed: false, values: answer.patchesOf(answer.headRow(layer, head, shown.query)) };
}

/** One map minus another. @param {Heatmap} own @param {Heatmap} rival @returns {Heatmap} */
export const differenceMap = (own, rival) => ({ ...own, signed: true, values: own.values.map((value, patch) => value - rival.values[patch]) });

/** The layers of a range, both ends included. @param {number} from @param {number} to */
export const layersBetween = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
