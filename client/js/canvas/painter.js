import { context } from '../dom.js';
import { colorsOf, dimToGray, isGray, strength } from './blend.js';
import { paintColors, paintHeat, pixelsIn } from './heat.js';
import { onCanvas } from './placement.js';
import { remembered } from './remembered.js';

/**
 * @typedef {import('./placement.js').Placement} Placement
 * @typedef {import('./placement.js').Size} Size
 * @typedef {import('../compute/answer.js').Rectangle} Rectangle
 * @typedef {import('../compute/screen.js').Screen} Screen
 */

/** Pixels that are painted in a few milliseconds. */
const quickPixels = 640_000;
const draftScale = 2;

/** Paints a picture and a map over what the model saw of it, at any placement on one canvas. What did not change since the last time is kept. */
export class Painter {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.colored = remembered();
    this.gray = remembered();
    this.exact = remembered();
    this.draft = remembered();
  }

  /** @param {ImageBitmap} bitmap @param {Size} size of the picture in its own pixels @param {Placement} placement */
  paintPicture(bitmap, size, placement) {
    context(this.canvas).drawImage(this.pictureAt(bitmap, size, placement), 0, 0);
  }

  /**
   * Paints the map; while something moves on a large screen, a draft of half the resolution.
   * @param {Screen} screen @param {Size} size @param {Placement} placement @param {boolean} resting exact to the pixel, whatever it takes
   * @returns {boolean} false: it was a draft
   */
  paintMap(screen, size, placement, resting) {
    const { answer: { image: { seen }, question: { picture: { bitmap } } }, map, colors, shown } = screen;
    if ((!map && !colors) || shown.opacity === 0) return true;
    const ctx = context(this.canvas);
    const whole = onCanvas(placement, seen);
    ctx.save();
    // The edge seldom falls between two pixels: clipping shares it out as the picture's own edge is.
    ctx.beginPath();
    ctx.rect(whole.x, whole.y, whole.width, whole.height);
    ctx.clip();
    if (isGray(shown.blend) && bitmap) ctx.drawImage(this.grayAt(bitmap, size, placement, shown.blend), 0, 0);
    const exact = map ? this.paintHeat(ctx, screen, map, whole, resting) : this.paintColors(ctx, screen, whole);
    ctx.restore();
    return exact;
  }

  /**
   * What the model did not see lies under a veil.
   * @param {Size} size @param {Placement} placement @param {Rectangle} seen of the picture @param {string} ground the veil's colour
   */
  paintVeil(size, placement, seen, ground) {
    const ctx = context(this.canvas);
    const all = onCanvas(placement, { x: 0, y: 0, ...size });
    const { x, y, width, height } = onCanvas(placement, seen);
    ctx.save();
    ctx.fillStyle = ground;
    ctx.globalAlpha = 0.66;
    ctx.beginPath();
    ctx.rect(all.x - 1, all.y - 1, all.width + 2, all.height + 2);
    ctx.rect(x, y, width, height);
    ctx.fill('evenodd');
    ctx.restore();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Screen} screen @param {NonNullable<Screen['map']>} map @param {Rectangle} whole @param {boolean} resting */
  paintHeat(ctx, { answer, limits, colormap, shown }, map, whole, resting) {
    const { width, height } = this.canvas;
    const colors = colorsOf(colormap, map.signed, shown.blend);
    const key = [map, limits.low, limits.high, colors, shown.interpolation, whole.x, whole.y, whole.width, width, height];
    const full = pixelsIn(whole, this.canvas);
    const exact = resting || full.width * full.height <= quickPixels || this.exact.holds(key);
    const scale = exact ? 1 : draftScale;
    const shrunk = (/** @type {Rectangle} */ part) => ({ x: part.x / scale, y: part.y / scale, width: part.width / scale, height: part.height / scale });
    const part = exact ? full : pixelsIn(shrunk(whole), shrunk({ x: 0, y: 0, width, height }));
    if (part.width <= 0 || part.height <= 0) return exact;
    const heat = (exact ? this.exact : this.draft).take(key, (canvas) =>
      paintHeat(canvas, map, limits, colors, { grid: answer.grid, whole: shrunk(whole), part, interpolation: shown.interpolation }));
    ctx.globalAlpha = strength(shown.blend, shown.opacity);
    ctx.imageSmoothingEnabled = shown.interpolation !== 'nearest';
    ctx.drawImage(heat, part.x * scale, part.y * scale, part.width * scale, part.height * scale);
    return exact;
  }

  /** Always exact: nothing plays along colours. @param {CanvasRenderingContext2D} ctx @param {Screen} screen @param {Rectangle} whole */
  paintColors(ctx, { answer, colors, shown }, whole) {
    const part = pixelsIn(whole, this.canvas);
    if (!colors || part.width <= 0 || part.height <= 0) return true;
    const painted = this.exact.take([colors, shown.interpolation, whole.x, whole.y, whole.width, this.canvas.width, this.canvas.height], (canvas) =>
      paintColors(canvas, colors, { grid: answer.grid, whole, part, interpolation: shown.interpolation }));
    ctx.globalAlpha = strength(shown.blend, shown.opacity);
    ctx.drawImage(painted, part.x, part.y);
    return true;
  }

  /**
   * Resampling a large photograph takes longer than a frame; it is done once for each placement.
   * @param {ImageBitmap} bitmap @param {Size} size @param {Placement} placement
   */
  pictureAt(bitmap, size, placement) {
    return this.colored.take(this.keyOf(bitmap, placement), (canvas) => {
      canvas.width = this.canvas.width;
      canvas.height = this.canvas.height;
      const ctx = context(canvas);
      ctx.imageSmoothingQuality = 'high';
      ctx.imageSmoothingEnabled = placement.zoom < 4 * devicePixelRatio;
      ctx.drawImage(bitmap, placement.x, placement.y, size.width * placement.zoom, size.height * placement.zoom);
    });
  }

  /** @param {ImageBitmap} bitmap @param {Size} size @param {Placement} placement @param {Screen['shown']['blend']} blend */
  grayAt(bitmap, size, placement, blend) {
    return this.gray.take([...this.keyOf(bitmap, placement), blend], (canvas) => {
      canvas.width = this.canvas.width;
      canvas.height = this.canvas.height;
      context(canvas).drawImage(this.pictureAt(bitmap, size, placement), 0, 0);
      dimToGray(canvas, onCanvas(placement, { x: 0, y: 0, ...size }), blend);
    });
  }

  /** @param {ImageBitmap} bitmap @param {Placement} placement */
  keyOf(bitmap, { zoom, x, y }) {
    return [bitmap, zoom, x, y, this.canvas.width, this.canvas.height];
  }
}
