import { context, fitCanvas } from '../dom.js';
import { colorsOf, dimToGray, isGray, strength } from './blend.js';
import { paintHeat } from './heat.js';

const heat = document.createElement('canvas');
const thumbnailEdge = 256;
const smallEdge = 72;

/**
 * What the model saw, small: tiles of a large photograph would each resample all of it.
 * @type {WeakMap<Answer, Map<Blend, HTMLCanvasElement>>}
 */
const thumbnails = new WeakMap();

/** @typedef {import('../compute/answer.js').Answer} Answer @typedef {import('./blend.js').Blend} Blend */

/**
 * A small picture: what the model saw, under one map or none. The canvas has the pixels of its box.
 * @param {HTMLCanvasElement} canvas @param {import('../compute/screen.js').Screen} screen @param {import('../compute/maps.js').Heatmap | null} map
 * @param {import('../compute/scales.js').Limits} limits @param {import('../compute/screen.js').Screen['colormap']} colormap
 */
export function drawTile(canvas, { answer, shown }, map, limits, colormap) {
  fitCanvas(canvas);
  const { width, height } = canvas;
  const ctx = context(canvas);
  ctx.clearRect(0, 0, width, height);
  ctx.drawImage(thumbnail(answer, shown.blend), 0, 0, width, height);
  if (!map) return;
  const whole = { x: 0, y: 0, width, height };
  paintHeat(heat, map, limits, colorsOf(colormap, map.signed, shown.blend),
    { grid: answer.grid, whole, part: whole, interpolation: shown.interpolation });
  // A thumbnail must be read at a glance: the smaller it is, the less of the picture shows through.
  ctx.globalAlpha = strength(shown.blend, Math.max(canvas.clientWidth < smallEdge ? 0.8 : 0.5, shown.opacity));
  ctx.drawImage(heat, 0, 0);
  ctx.globalAlpha = 1;
}

/** @param {Answer} answer @param {Blend} blend what the picture is under: its colours, or its luma */
function thumbnail(answer, blend) {
  const known = thumbnails.get(answer) ?? new Map();
  thumbnails.set(answer, known);
  let canvas = known.get(blend);
  if (!canvas) {
    const { image: { seen, width: fullWidth }, question: { picture: { bitmap } } } = answer;
    const scale = (bitmap?.width ?? 0) / fullWidth;
    known.set(blend, (canvas = document.createElement('canvas')));
    canvas.width = canvas.height = thumbnailEdge;
    const ctx = context(canvas);
    ctx.imageSmoothingQuality = 'high';
    if (bitmap) ctx.drawImage(bitmap, seen.x * scale, seen.y * scale, seen.width * scale, seen.height * scale, 0, 0, canvas.width, canvas.height);
    if (isGray(blend)) dimToGray(canvas, { x: 0, y: 0, width: thumbnailEdge, height: thumbnailEdge }, blend);
  }
  return canvas;
}
