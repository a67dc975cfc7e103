import { context } from '../dom.js';
import { onCanvas, patchRectangle } from './placement.js';

/**
 * The outline of a patch, white with a dark rim: seen on any map.
 * @param {HTMLCanvasElement} canvas @param {import('./placement.js').Placement} placement @param {{ row: number, column: number }} patch
 * @param {import('../compute/answer.js').Rectangle} seen @param {{ rows: number, columns: number }} grid @param {number} width in CSS pixels
 */
export function outlinePatch(canvas, placement, patch, seen, grid, width) {
  const ctx = context(canvas);
  const { x, y, width: w, height: h } = onCanvas(placement, patchRectangle(patch, seen, grid));
  for (const [line, color] of /** @type {[number, string][]} */ ([[width + 2, '#000000b0'], [width, '#ffffff']])) {
    ctx.lineWidth = line * devicePixelRatio;
    ctx.strokeStyle = color;
    ctx.strokeRect(x, y, w, h);
  }
}
