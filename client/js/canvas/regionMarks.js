import { columnsOf, edgesOf } from '../compute/regions.js';

/**
 * @typedef {import('../compute/regions.js').Found} Found
 * @typedef {import('./placement.js').Placement} Placement
 */

/** @type {WeakMap<Found, Path2D>} */
const outlines = new WeakMap();

/** Outlines the regions, with their boxes, and the point of each. @param {CanvasRenderingContext2D} ctx @param {Found} found @param {Placement} placement */
export function drawRegions(ctx, found, { zoom, x, y }) {
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(zoom, zoom);
  const pixel = devicePixelRatio / zoom;
  const stroke = (/** @type {Path2D} */ path, /** @type {number} */ width) => {
    for (const [more, color] of /** @type {const} */ ([[2, '#000000b0'], [0, '#ffffff']])) {
      ctx.lineWidth = (width + more) * pixel;
      ctx.strokeStyle = color;
      ctx.stroke(path);
    }
  };
  ctx.lineCap = 'square';
  stroke(outlineOf(found), 2);
  const [boxes, points] = [new Path2D(), new Path2D()];
  for (const { box, point } of found.regions) {
    boxes.rect(box.x, box.y, box.width, box.height);
    const [across, down, arm] = [point.x + 0.5, point.y + 0.5, 7 * pixel];
    points.moveTo(across - arm, down);
    points.lineTo(across + arm, down);
    points.moveTo(across, down - arm);
    points.lineTo(across, down + arm);
  }
  stroke(points, 2);
  ctx.setLineDash([5 * pixel, 4 * pixel]);
  stroke(boxes, 1);
  ctx.setLineDash([]);
  label(ctx, found, pixel);
  ctx.restore();
}

/** The number of each region in the list, in the corner of its box. @param {CanvasRenderingContext2D} ctx @param {Found} found @param {number} pixel */
function label(ctx, { regions }, pixel) {
  if (regions.length < 2) return;
  ctx.font = `600 ${13 * pixel}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  for (const [index, { box }] of regions.entries()) {
    const text = String(index + 1);
    ctx.fillStyle = '#000000c0';
    ctx.fillRect(box.x, box.y, ctx.measureText(text).width + 8 * pixel, 18 * pixel);
    ctx.fillStyle = '#ffffff';
    ctx.fillText(text, box.x + 4 * pixel, box.y + 3 * pixel);
  }
}

/** @param {Found} found */
function outlineOf(found) {
  let path = outlines.get(found);
  if (!path) {
    path = new Path2D();
    const { across, down } = edgesOf(columnsOf(found.rle));
    for (const [x, y] of across) {
      path.moveTo(x, y);
      path.lineTo(x + 1, y);
    }
    for (const [x, from, to] of down) {
      path.moveTo(x, from);
      path.lineTo(x, to);
    }
    outlines.set(found, path);
  }
  return path;
}
